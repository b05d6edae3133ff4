package io.portolan.model.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Which objects are meant, by their labels: all requirements have to hold, and none means every object. */
public record LabelSelector(Map<String, String> matchLabels, List<Requirement> matchExpressions) {
    public static final LabelSelector EVERYTHING = new LabelSelector(Map.of(), List.of());

    /** What an expression asks of a label. */
    public enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST
    }

    /** @param values of {@code IN} and {@code NOT_IN} */
    public record Requirement(String key, Operator operator, List<String> values) {
        public Requirement {
            values = List.copyOf(values);
        }

        /** What has no such label is not in any values. */
        boolean holds(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
            };
        }
    }

    public LabelSelector {
        matchLabels = Collections.unmodifiableSortedMap(new TreeMap<>(matchLabels));
        matchExpressions = List.copyOf(matchExpressions);
    }

    /** @param labels null for none */
    public boolean matches(@Nullable Map<String, String> labels) {
        Map<String, String> has = labels == null ? Map.of() : labels;
        return matchLabels.entrySet().stream().allMatch(each -> each.getValue().equals(has.get(each.getKey())))
                && matchExpressions.stream().allMatch(each -> each.holds(has));
    }
}
