package io.portolan.security.profile;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.SdnSecurity.Abilities;
import io.portolan.security.profile.ProfileClaim.PortsClaim;
import io.portolan.security.profile.ProfileClaim.RemoteClaim;
import io.portolan.security.profile.ProfileClaim.RuleClaim;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What of a profile can be judged without looking at any other. */
final class ProfileRules {
    private static final int MOST_RULES = 256;
    private static final int MOST_NAMESPACES = 64;
    private static final int LONGEST = 256;
    private static final String LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
    private static final String ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final String GROUP = "[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}";

    private ProfileRules() {}

    static void checkName(String field, String name) {
        if (!name.matches(LABEL)) {
            throw new Invalid(field, "use at most 63 of a-z, 0-9 and - (an RFC 1123 label)");
        }
        if (name.matches(ID)) {
            throw new Invalid(field, "a name that looks like an id would be taken for one");
        }
    }

    /** @return the rules, in the caller's order */
    static List<Rule> read(ProfileClaim claim) {
        String description = claim.description();
        if (description != null && (description.length() > LONGEST || description.indexOf('\0') >= 0)) {
            throw new Invalid("description", "it has at most %d characters, none of them NUL".formatted(LONGEST));
        }
        List<RuleClaim> rules = Objects.requireNonNullElse(claim.rules(), List.of());
        String group = claim.group();
        if (group != null) {
            checkGroup("group", group);
            if (!rules.isEmpty()) {
                throw new Invalid("rules", "an adopted group has its rules in the network");
            }
        }
        checkNamespaces(claim.namespaces());
        if (rules.size() > MOST_RULES) {
            throw new Invalid("rules", "a profile has at most %d rules, not %d".formatted(MOST_RULES, rules.size()));
        }
        List<Rule> read = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            read.add(read("rules[%d]".formatted(i), rules.get(i)));
        }
        refuseContradictions(read);
        return read;
    }

    private static void checkGroup(String field, String group) {
        if (!group.matches(GROUP)) {
            throw new Invalid(field, "that is no id of a group");
        }
    }

    private static void checkNamespaces(@Nullable List<String> namespaces) {
        if (namespaces == null) {
            return;
        }
        if (namespaces.isEmpty() || namespaces.size() > MOST_NAMESPACES) {
            throw new Invalid("namespaces", "name 1 to %d, or leave the member out for all".formatted(MOST_NAMESPACES));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < namespaces.size(); i++) {
            if (!namespaces.get(i).matches(LABEL) || !seen.add(namespaces.get(i))) {
                throw new Invalid("namespaces[%d]".formatted(i), "that is no namespace's name, or there twice");
            }
        }
    }

    private static Rule read(String field, RuleClaim claim) {
        int priority = Objects.requireNonNullElse(claim.priority(), 0);
        Invalid.unlessBetween(field + ".priority", priority, ProfileSpec.LOWEST_PRIORITY, ProfileSpec.HIGHEST_PRIORITY);
        Protocol protocol = one(field + ".protocol", Protocol.values(), claim.protocol(), Protocol.ANY);
        return new Rule(
                one(field + ".direction", Direction.values(), claim.direction(), null),
                one(field + ".action", Action.values(), claim.action(), Action.ALLOW),
                priority,
                protocol,
                ports(field + ".ports", protocol, claim.ports()),
                remote(field + ".remote", claim.remote()),
                Objects.requireNonNullElse(claim.log(), false));
    }

    private static <E extends Enum<E>> E one(String field, E[] all, @Nullable String said, @Nullable E unsaid) {
        if (said == null && unsaid != null) {
            return unsaid;
        }
        return Stream.of(all)
                .filter(each -> word(each).equals(said))
                .findFirst()
                .orElseThrow(() -> new Invalid(
                        field,
                        "say one of " + Stream.of(all).map(ProfileRules::word).toList()));
    }

    static String word(Enum<?> each) {
        return each.name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable PortRange ports(String field, Protocol protocol, @Nullable PortsClaim claim) {
        if (claim == null) {
            return null;
        }
        if (protocol == Protocol.ANY || protocol == Protocol.ICMP) {
            throw new Invalid(field, "protocol %s has no ports".formatted(word(protocol)));
        }
        int last = Objects.requireNonNullElse(claim.last(), claim.first());
        Invalid.unlessBetween(field + ".first", claim.first(), 1, 65_535);
        Invalid.unlessBetween(field + ".last", last, 1, 65_535);
        if (last < claim.first()) {
            throw new Invalid(field, "%d-%d goes downward".formatted(claim.first(), last));
        }
        return new PortRange(claim.first(), last);
    }

    private static Rule.Remote remote(String field, @Nullable RemoteClaim claim) {
        if (claim == null) {
            return new Rule.Remote.Anyone();
        }
        long said = Stream.of(claim.cidr(), claim.profile(), claim.group())
                .filter(Objects::nonNull)
                .count();
        if (said != 1) {
            throw new Invalid(field, "say exactly one of cidr, profile and group; leave remote out for everyone");
        }
        if (claim.cidr() != null) {
            return new Rule.Remote.Block(block(field + ".cidr", claim.cidr()));
        }
        if (claim.profile() != null) {
            return new Rule.Remote.Profile(claim.profile());
        }
        String group = Objects.requireNonNull(claim.group());
        checkGroup(field + ".group", group);
        return new Rule.Remote.Group(group);
    }

    private static Cidr block(String field, String text) {
        Cidr block;
        try {
            block = Cidr.parse(text);
        } catch (IllegalArgumentException e) {
            throw new Invalid(field, String.valueOf(e.getMessage()));
        }
        if (block.family() == IpAddress.Family.IPV6) {
            throw new ProfileRefused.NotSupported(field, "IPv6 is not supported yet");
        }
        return block;
    }

    private static void refuseContradictions(List<Rule> rules) {
        for (int i = 1; i < rules.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (rules.get(i).contradicts(rules.get(j))) {
                    throw new ProfileRefused.RulesContradict(i, j, rules.get(i).priority());
                }
            }
        }
    }

    /** Refuses what the cluster's network cannot do. */
    static void refuseUnable(ProfileClaim claim, List<Rule> rules, Abilities abilities) {
        if (claim.group() != null && !abilities.adopts()) {
            throw new ProfileRefused.NotSupported("group", "this network has no groups to adopt");
        }
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            String field = "rules[%d].".formatted(i);
            if (rule.remote() instanceof Rule.Remote.Group && !abilities.adopts()) {
                throw new ProfileRefused.NotSupported(field + "remote.group", "this network has no groups to name");
            }
            if (rule.action() == Action.DROP && !abilities.drops()) {
                throw new ProfileRefused.NotSupported(field + "action", "this network's groups only allow");
            }
            if (rule.priority() != ProfileSpec.LOWEST_PRIORITY && !abilities.drops()) {
                throw new ProfileRefused.NotSupported(
                        field + "priority", "this network's groups only allow, in no order");
            }
            if (rule.log() && !abilities.logs()) {
                throw new ProfileRefused.NotSupported(field + "log", "this network keeps no such notes");
            }
        }
    }
}
