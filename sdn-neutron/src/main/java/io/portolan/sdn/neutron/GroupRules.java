package io.portolan.sdn.neutron;

import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.SecurityGroup;
import io.portolan.sdn.neutron.Found.SecurityRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What groups of ours say. Rules too many go before those that are missing come: in between a group is the more closed. */
record GroupRules(NeutronApi api) {
    /** Neutron takes a rule in about 80 ms, and gives up no call before a minute. */
    private static final int TOGETHER = 128;

    /** @return whether anything was missing or too much */
    boolean mend(SecurityGroup group, Collection<GroupRule> wanted) {
        Set<GroupRule> missing = new LinkedHashSet<>(wanted);
        List<String> extra = new ArrayList<>();
        for (SecurityRule rule : group.rules()) {
            if (!missing.remove(GroupRule.of(rule))) {
                extra.add(rule.id());
            }
        }
        extra.forEach(rule -> gone(api.delete(Kind.SECURITY_RULE, rule)));
        add(group, missing);
        return !extra.isEmpty() || !missing.isEmpty();
    }

    /** Those that it does not have. */
    void add(SecurityGroup group, Collection<GroupRule> missing) {
        List<GroupRule> left = List.copyOf(missing);
        for (int from = 0; from < left.size(); from += TOGETHER) {
            Answer answer = api.createAll(
                    Kind.SECURITY_RULE,
                    left.subList(from, Math.min(left.size(), from + TOGETHER)).stream()
                            .map(rule -> rule.fields(group.id()))
                            .toList());
            if (answer.type().equals("SecurityGroupRuleExists")) {
                throw new Overtaken("another mends group " + group.id());
            }
            answer.orThrow();
        }
    }

    static void gone(Answer answer) {
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
