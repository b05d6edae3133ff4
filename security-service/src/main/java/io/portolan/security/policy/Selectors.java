package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.portolan.model.api.LabelSelector;
import io.portolan.model.api.LabelSelector.Operator;
import io.portolan.model.api.LabelSelector.Requirement;
import org.jspecify.annotations.Nullable;

/** Kubernetes' label selectors as ours. */
final class Selectors {
    private Selectors() {}

    /**
     * @param selector null and empty select everything
     * @throws IllegalArgumentException for an operator that Kubernetes did not have when this was written
     */
    static LabelSelector of(io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector) {
        if (selector == null) {
            return LabelSelector.EVERYTHING;
        }
        return new LabelSelector(
                PodFacts.orNone(selector.getMatchLabels()),
                selector.getMatchExpressions().stream().map(Selectors::of).toList());
    }

    private static Requirement of(LabelSelectorRequirement requirement) {
        Operator operator = switch (requirement.getOperator()) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            default ->
                throw new IllegalArgumentException(
                        "a selector has the operator '%s'".formatted(requirement.getOperator()));
        };
        return new Requirement(requirement.getKey(), operator, requirement.getValues());
    }
}
