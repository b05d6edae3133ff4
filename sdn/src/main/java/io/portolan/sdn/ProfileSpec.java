package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ProfileId;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a security profile should be: what its ports may send and hear. A connection that may begin may go on, both ways. What
 * no rule of any of a port's profiles speaks of is not let through. Rules are kept in order, so that equal profiles are equal.
 *
 * @param name for people; not unique
 */
public record ProfileSpec(ProfileId id, String name, List<Rule> rules) {
    public static final int LOWEST_PRIORITY = 0;
    public static final int HIGHEST_PRIORITY = 999;

    public ProfileSpec {
        rules = rules.stream().distinct().sorted(Rule.ORDER).toList();
    }

    /** As the port sees it. */
    public enum Direction {
        INGRESS,
        EGRESS
    }

    /** What becomes of a connection that matches. */
    public enum Action {
        ALLOW,
        DROP
    }

    /** What a rule speaks of; ports are of TCP, UDP and SCTP only. */
    public enum Protocol {
        ANY,
        TCP,
        UDP,
        SCTP,
        ICMP
    }

    /** @param first at most {@code last} */
    public record PortRange(int first, int last) {
        public PortRange {
            if (first < 1 || last > 65_535 || first > last) {
                throw new IllegalArgumentException(
                        "ports go from 1 to 65535 and upward, not %d-%d".formatted(first, last));
            }
        }
    }

    /** Who is at the other end. */
    public sealed interface Remote {
        /** Everyone. */
        record Anyone() implements Remote {}

        record Block(Cidr cidr) implements Remote {}

        /**
         * The ports in a profile, or in a group of the network that is not ours.
         *
         * @param backendId as {@link SdnSecurity#ensureProfiles} or {@link SdnSecurity#adopt} answered
         */
        record Members(String backendId) implements Remote {}
    }

    /**
     * @param priority 0 to 999: of all rules of all of a port's profiles that match, one with the highest decides, and a
     *     {@code DROP} before an {@code ALLOW}
     * @param ports at the side that is called; null for all
     * @param log whether each connection that it decides is noted where the network keeps such notes
     */
    public record Rule(
            Direction direction,
            Action action,
            int priority,
            Protocol protocol,
            @Nullable PortRange ports,
            Remote remote,
            boolean log) {
        private static final Comparator<Rule> ORDER = Comparator.comparing(Rule::direction)
                .thenComparing(Comparator.comparingInt(Rule::priority).reversed())
                .thenComparing(Rule::action)
                .thenComparing(Rule::protocol)
                .thenComparing(rule -> Objects.toString(rule.ports()))
                .thenComparing(rule -> rule.remote().toString())
                .thenComparing(Rule::log);

        public Rule {
            if (priority < LOWEST_PRIORITY || priority > HIGHEST_PRIORITY) {
                throw new IllegalArgumentException("a priority is between 0 and 999, not " + priority);
            }
            if (ports != null && (protocol == Protocol.ANY || protocol == Protocol.ICMP)) {
                throw new IllegalArgumentException("%s has no ports".formatted(protocol));
            }
        }
    }
}
