package io.portolan.sdn.neutron;

import io.portolan.sdn.ProfileSpec.Direction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What profiles and policies let through together, as rules of one group: in a direction that a policy isolates, what a rule of a
 * profile and a rule of one of these policies both let through; in another, what the profiles do. A pure function.
 *
 * @param rules none of which is within another one
 * @param lost how many pairs of rules cannot be said together, and are left out
 * @param odd how many rules of profiles cannot be said again, and are left out
 */
record Narrowed(List<GroupRule> rules, int lost, int odd) {
    private static final Comparator<GroupRule> ORDER = Comparator.comparing(GroupRule::toString);

    Narrowed {
        rules = List.copyOf(rules);
    }

    /**
     * @param isolates {@code ingress}, {@code egress}
     * @param rules of these directions
     */
    record Policy(Set<String> isolates, List<GroupRule> rules) {
        Policy {
            Set<String> directions = Set.copyOf(isolates);
            isolates = directions;
            rules = rules.stream()
                    .filter(rule -> rule.isPlain() && rule.group() == null && directions.contains(rule.direction()))
                    .toList();
        }

        /** Of which nobody knows what it isolates. */
        static Policy shut() {
            return new Policy(Set.of(GroupRule.word(Direction.INGRESS), GroupRule.word(Direction.EGRESS)), List.of());
        }
    }

    /** @param free rules that no policy narrows, where a profile has them */
    static Narrowed of(Collection<GroupRule> profiles, Collection<Policy> policies, Collection<GroupRule> free) {
        List<GroupRule> all = new ArrayList<>();
        int lost = 0;
        int odd = 0;
        for (GroupRule rule : profiles) {
            List<Policy> isolating = policies.stream()
                    .filter(policy -> policy.isolates().contains(rule.direction()))
                    .toList();
            if (!rule.isPlain()) {
                odd++;
            } else if (isolating.isEmpty() || free.contains(rule)) {
                all.add(rule);
            } else {
                for (Policy policy : isolating) {
                    for (GroupRule other : policy.rules()) {
                        if (rule.meets(other)) {
                            Optional<GroupRule> both = rule.canMeet(other) ? rule.and(other) : Optional.empty();
                            both.ifPresent(all::add);
                            lost += rule.canMeet(other) ? 0 : 1;
                        }
                    }
                }
            }
        }
        return new Narrowed(widest(all), lost, odd);
    }

    private static List<GroupRule> widest(List<GroupRule> all) {
        List<GroupRule> kept = new ArrayList<>();
        for (GroupRule rule : all.stream().distinct().sorted(ORDER).toList()) {
            if (kept.stream().noneMatch(rule::isWithin)) {
                kept.removeIf(other -> other.isWithin(rule));
                kept.add(rule);
            }
        }
        return kept.stream().sorted(ORDER).toList();
    }
}
