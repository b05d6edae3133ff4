package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.Malformed;
import io.portolan.model.ProfileId;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A policy as rows: a {@code Port_Group} whose members are its ports, an {@code Address_Set} for each of its sets, and ACLs on the
 * group.
 *
 * <p>OVN 23.03 knows no tiers of ACLs, of which each would have to let a packet pass. So what is allowed by both is written out:
 * above all that profiles say, a row drops what the policy's ports hear (or send), and above that, for each profile that narrows
 * so, each of its rules stands once more for the ports that are in both groups: a drop as it is, what allows once with each of the
 * policy's rules. They keep their order among each other, so a profile's drop stands above what a policy allows. Policies of one
 * port add up because all of their rows that allow are above all that drop.
 *
 * <p>The group itself says what it is made of: its rules, and with which profiles they are written out. So who puts a port in
 * both writes what is missing for that in the same transaction ({@link PolicyGroups}). Sets of addresses change without a change of
 * ACLs.
 */
record PolicyRows(Northbound northbound, Mark mark) {
    static final String TABLE = Kind.NETWORK_POLICY.table();
    static final String ADDRESSES = Kind.POLICY_ADDRESSES.table();

    /** In the mark of the group: a line for each direction that it isolates, and for each rule the direction and what matches. */
    static final String RULES = "portolan:rules";

    /** In the mark of the group: with which profiles its rules are written out. */
    static final String WITH = "portolan:with";

    /** In the mark of a set: whose it is. */
    static final String POLICY = "portolan:policy";

    private static final int NARROW = 4000;
    private static final int LIFT = NARROW + 10 - ProfileRows.BASE;
    private static final int HAIRPIN_PRIORITY = 7000;
    private static final Pattern NAME =
            Pattern.compile("portolan_np_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})");
    private static final Pattern PROTOCOL = Pattern.compile("(?:^|&& )(ip|tcp|udp|sctp|icmp)\\b(?!4|6)");

    /** What a group says of itself. */
    record Policy(ProfileId id, String rules, Set<ProfileId> with) {
        Policy {
            with = new TreeSet<>(with);
        }

        Policy also(Set<ProfileId> more) {
            Set<ProfileId> all = new TreeSet<>(with);
            all.addAll(more);
            return new Policy(id, rules, all);
        }

        Policy without(ProfileId gone) {
            Set<ProfileId> left = new TreeSet<>(with);
            left.remove(gone);
            return new Policy(id, rules, left);
        }
    }

    /** Of the group: its backend id. */
    static String name(ProfileId id) {
        return "portolan_np_" + id.toString().replace("-", "");
    }

    /** Of the group of this name: a policy's or a profile's. */
    static Optional<Key> keyOf(String name) {
        Matcher matcher = NAME.matcher(name);
        try {
            return matcher.matches()
                    ? Optional.of(Key.policy(ProfileId.parse(matcher.replaceFirst("$1-$2-$3-$4-$5"))))
                    : ProfileRows.idOf(name).map(Key::profile);
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    /** Empty where the group is no policy's. */
    Optional<Policy> policy(Row group) {
        return mark.keyOf(group)
                .filter(key -> key.kind() == Kind.NETWORK_POLICY)
                .map(key -> {
                    Map<String, String> ids = group.stringMap(Mark.COLUMN);
                    String with = ids.getOrDefault(WITH, "");
                    return new Policy(
                            new ProfileId(key.id()),
                            ids.getOrDefault(RULES, ""),
                            with.isEmpty()
                                    ? Set.of()
                                    : Arrays.stream(with.split(" "))
                                            .map(ProfileId::parse)
                                            .collect(Collectors.toSet()));
                });
    }

    static String rules(PolicySpec spec) {
        List<String> lines = new ArrayList<>();
        spec.isolates().stream().sorted().map(PolicyRows::word).forEach(lines::add);
        for (PolicySpec.Rule rule : spec.rules()) {
            boolean ingress = rule.direction() == Direction.INGRESS;
            lines.add("%s %s%s%s"
                    .formatted(
                            word(rule.direction()),
                            ProfileRows.packets(rule.protocol(), rule.ports()),
                            among(spec, rule.peers(), ingress ? "src" : "dst"),
                            among(spec, rule.own(), ingress ? "dst" : "src")));
        }
        return String.join("\n", lines);
    }

    private static String word(Direction direction) {
        return direction == Direction.INGRESS ? AclRows.TO_PORT : AclRows.FROM_PORT;
    }

    private static String among(PolicySpec spec, @Nullable String set, String side) {
        return set == null ? "" : " && ip4.%s == $%s".formatted(side, setName(set(spec.id(), set)));
    }

    private static Key set(ProfileId policy, String set) {
        return Key.of(Kind.POLICY_ADDRESSES, Key.policy(policy), set);
    }

    private static String setName(Key set) {
        return "portolan_as_" + set.id().toString().replace("-", "");
    }

    Row group(Policy policy) {
        Map<String, String> ids = new LinkedHashMap<>(
                Row.empty().with(Mark.COLUMN, mark.on(Key.policy(policy.id()))).stringMap(Mark.COLUMN));
        ids.put(RULES, policy.rules());
        ids.put(WITH, policy.with().stream().map(ProfileId::toString).collect(Collectors.joining(" ")));
        return northbound.fit(TABLE, Row.empty().with("name", name(policy.id())).with(Mark.COLUMN, ids));
    }

    /** By the rows' ids. */
    Map<UUID, Row> sets(PolicySpec spec) {
        Map<UUID, Row> rows = new LinkedHashMap<>();
        spec.addresses().forEach((which, blocks) -> {
            Key key = set(spec.id(), which);
            Map<String, String> ids = new LinkedHashMap<>(
                    Row.empty().with(Mark.COLUMN, mark.on(key)).stringMap(Mark.COLUMN));
            ids.put(POLICY, spec.id().toString());
            rows.put(
                    key.row(),
                    northbound.fit(
                            ADDRESSES,
                            Row.empty()
                                    .with("name", setName(key))
                                    .with(
                                            "addresses",
                                            Value.strings(blocks.stream()
                                                    .map(PolicyRows::text)
                                                    .toList()))
                                    .with(Mark.COLUMN, ids)));
        });
        return rows;
    }

    /** ovn-controller follows single addresses without computing flows anew. */
    private static String text(Cidr block) {
        return block.prefixLength() == block.family().bits() ? block.network().toString() : block.toString();
    }

    /** @param profiles what the rules of each profile say that the policy is written out with */
    Map<UUID, Row> acls(Policy policy, Map<ProfileId, List<Row>> profiles) {
        Key group = Key.policy(policy.id());
        Map<Key, Row> rows = new LinkedHashMap<>();
        Map<String, List<String>> clauses = new LinkedHashMap<>();
        for (String line : policy.rules().split("\n", -1)) {
            int space = line.indexOf(' ');
            String direction = space < 0 ? line : line.substring(0, space);
            List<String> of = clauses.computeIfAbsent(direction, key -> new ArrayList<>());
            if (space > 0) {
                of.add(line.substring(space + 1));
            }
        }
        clauses.forEach((direction, of) -> {
            String member = member(policy.id(), direction);
            rows.put(
                    Key.of(Kind.RULE, group, "isolated " + direction),
                    row(direction, NARROW, member + " && ip", "drop"));
            if (direction.equals(AclRows.TO_PORT)) {
                rows.put(
                        Key.of(Kind.RULE, group, "hairpin"),
                        row(
                                direction,
                                HAIRPIN_PRIORITY,
                                "%s && ip4.src == %s".formatted(member, BalancerRows.HAIRPIN),
                                "allow-related"));
            }
        });
        policy.with()
                .forEach(profile -> profiles.getOrDefault(profile, List.of()).stream()
                        .filter(ProfileRows::isRule)
                        .forEach(rule -> pairs(policy, profile, rule, clauses, rows)));
        return AclRows.marked(northbound, mark, rows);
    }

    private static void pairs(
            Policy policy, ProfileId profile, Row rule, Map<String, List<String>> clauses, Map<Key, Row> rows) {
        String direction = rule.string("direction");
        List<String> of = clauses.getOrDefault(direction, List.of());
        String match = "%s && %s".formatted(rule.string("match"), member(policy.id(), direction));
        int priority = (int) rule.integer("priority") + LIFT;
        String key = "%s %d %s %s ".formatted(profile, priority, rule.string("action"), rule.string("match"));
        if (rule.string("action").equals("drop")) {
            if (!of.isEmpty()) {
                rows.put(Key.of(Kind.RULE, Key.policy(policy.id()), key), like(rule, priority, match));
            }
            return;
        }
        for (String clause : of) {
            if (canMeet(rule.string("match"), clause)) {
                rows.put(
                        Key.of(Kind.RULE, Key.policy(policy.id()), key + clause),
                        like(rule, priority, "%s && %s".formatted(match, clause)));
            }
        }
    }

    private static boolean canMeet(String match, String clause) {
        String one = protocol(match);
        String other = protocol(clause);
        return one.equals(other) || one.equals("ip") || other.equals("ip");
    }

    private static String protocol(String match) {
        Matcher matcher = PROTOCOL.matcher(match);
        return matcher.find() ? matcher.group(1) : "ip";
    }

    private static String member(ProfileId policy, String direction) {
        return "%s == @%s".formatted(direction.equals(AclRows.TO_PORT) ? "outport" : "inport", name(policy));
    }

    private static Row row(String direction, int priority, String match, String action) {
        Row row = AclRows.row(direction, priority, match, action);
        return direction.equals(AclRows.TO_PORT) ? row : AclRows.afterBalancers(row);
    }

    /** What a profile's rule says, of less. */
    private static Row like(Row rule, int priority, String match) {
        Row row = row(rule.string("direction"), priority, match, rule.string("action"));
        for (String column : List.of("log", "name", "severity")) {
            if (rule.has(column)) {
                row = row.with(column, rule.value(column));
            }
        }
        return row;
    }
}
