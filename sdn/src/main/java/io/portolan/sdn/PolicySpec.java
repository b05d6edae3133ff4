package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What narrows the profiles of its ports, and never widens them: in a direction that it isolates, its ports' connections have to
 * be allowed by one of their profiles <em>and</em> by one of their policies. Rules only allow. Who is at the other end is said by
 * sets of addresses, which change often where rules do not.
 *
 * @param id of its group: no profile has the same
 * @param name for people; not unique
 * @param addresses by a name that is the policy's own
 */
public record PolicySpec(
        ProfileId id, String name, Set<Direction> isolates, SortedMap<String, Set<Cidr>> addresses, List<Rule> rules) {
    /**
     * @param ports at the side that is called; null for all
     * @param peers the set of who is at the other end; null for everyone
     * @param own the set of those of the policy's ports that it is for; null for all of them
     */
    public record Rule(
            Direction direction,
            Protocol protocol,
            @Nullable PortRange ports,
            @Nullable String peers,
            @Nullable String own) {
        private static final Comparator<Rule> ORDER = Comparator.comparing(Rule::direction)
                .thenComparing(Rule::protocol)
                .thenComparing(rule -> Objects.toString(rule.ports()))
                .thenComparing(rule -> Objects.toString(rule.peers()))
                .thenComparing(rule -> Objects.toString(rule.own()));

        public Rule {
            if (ports != null && (protocol == Protocol.ANY || protocol == Protocol.ICMP)) {
                throw new IllegalArgumentException("%s has no ports".formatted(protocol));
            }
        }
    }

    public PolicySpec {
        isolates = Set.copyOf(isolates);
        addresses = new TreeMap<>(addresses.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> new TreeSet<>(each.getValue()))));
        rules = rules.stream().distinct().sorted(Rule.ORDER).toList();
        Set<String> named = new LinkedHashSet<>();
        rules.forEach(rule ->
                Stream.of(rule.peers(), rule.own()).filter(Objects::nonNull).forEach(named::add));
        if (!addresses.keySet().equals(named)) {
            throw new IllegalArgumentException(
                    "rules speak of the sets %s, and there are %s".formatted(named, addresses.keySet()));
        }
        for (Rule rule : rules) {
            if (!isolates.contains(rule.direction())) {
                throw new IllegalArgumentException("a rule of a direction that is not isolated");
            }
        }
    }
}
