package io.portolan.sdn.ovn;

import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.model.ProfileId;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A profile as rows: a {@code Port_Group} whose members are its ports, and an {@code ACL} for each of its rules and two more:
 * its ports pass the gate before the balancers ({@link Closures}), and they hear themselves through their own Service, which
 * comes from {@link BalancerRows#HAIRPIN}.
 *
 * <p>Of equal priority OVN takes any; so a priority of ours is two of OVN's, and a drop has the upper one. What a pod sends
 * is judged behind the balancers, by the pod that it reaches and not by the Service's address. Who is in another profile is
 * known from the address set that northd keeps of each group.
 */
record ProfileRows(Northbound northbound, Mark mark) {
    static final String TABLE = Kind.PROFILE.table();
    static final String MEMBERS = "ports";

    /** In the mark of a rule's row: the group that it speaks of. */
    static final String REMOTE = "portolan:remote";

    static final int BASE = 1000;
    static final int HAIRPIN_PRIORITY = BASE + 2 * (ProfileSpec.HIGHEST_PRIORITY + 1);
    private static final int LONGEST_NAME = 63;
    private static final Pattern NAME =
            Pattern.compile("portolan_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})");

    /** Of the group: its backend id. Address sets are called after it, which bear no hyphen. */
    static String name(ProfileId id) {
        return "portolan_" + id.toString().replace("-", "");
    }

    static Optional<ProfileId> idOf(String name) {
        Matcher matcher = NAME.matcher(name);
        try {
            return matcher.matches()
                    ? Optional.of(ProfileId.parse(matcher.replaceFirst("$1-$2-$3-$4-$5")))
                    : Optional.empty();
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    /** Whether a row of a profile's is what one of its rules says. */
    static boolean isRule(Row acl) {
        long priority = acl.integer("priority");
        return priority >= BASE && priority < HAIRPIN_PRIORITY;
    }

    Optional<ProfileId> profile(Row group) {
        return mark.keyOf(group).filter(key -> key.kind() == Kind.PROFILE).map(key -> new ProfileId(key.id()));
    }

    Row group(ProfileId id) {
        return northbound.fit(TABLE, Row.empty().with("name", name(id)).with(Mark.COLUMN, mark.on(Key.profile(id))));
    }

    Map<UUID, Row> acls(ProfileSpec spec) {
        String name = name(spec.id());
        Map<Key, Row> rows = new LinkedHashMap<>();
        rows.put(
                key(spec, "gate"),
                AclRows.row(AclRows.FROM_PORT, Closures.PASS, "inport == @%s && ip".formatted(name), "allow-related"));
        rows.put(
                key(spec, "hairpin"),
                AclRows.row(
                        AclRows.TO_PORT,
                        HAIRPIN_PRIORITY,
                        "outport == @%s && ip4.src == %s".formatted(name, BalancerRows.HAIRPIN),
                        "allow-related"));
        for (Rule rule : spec.rules()) {
            rows.put(key(spec, rule.toString()), row(spec, rule));
        }
        return AclRows.marked(northbound, mark, rows);
    }

    private static Key key(ProfileSpec spec, String which) {
        return Key.of(Kind.RULE, Key.profile(spec.id()), which);
    }

    private static Row row(ProfileSpec spec, Rule rule) {
        boolean ingress = rule.direction() == Direction.INGRESS;
        boolean drop = rule.action() == Action.DROP;
        String match = "%s == @%s && %s%s"
                .formatted(
                        ingress ? "outport" : "inport",
                        name(spec.id()),
                        packets(rule.protocol(), rule.ports()),
                        peers(rule.remote(), ingress ? "src" : "dst"));
        Row row = AclRows.row(
                ingress ? AclRows.TO_PORT : AclRows.FROM_PORT,
                BASE + 2 * rule.priority() + (drop ? 1 : 0),
                match,
                drop ? "drop" : "allow-related");
        if (rule.log()) {
            String name = spec.name();
            row = row.with("log", true)
                    .with("severity", "info")
                    .with("name", name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name);
        }
        if (rule.remote() instanceof Remote.Members(String group)) {
            row = row.with(Mark.COLUMN, Map.of(REMOTE, group));
        }
        return ingress ? row : AclRows.afterBalancers(row);
    }

    static String packets(Protocol protocol, @Nullable PortRange ports) {
        if (protocol == Protocol.ANY) {
            return "ip";
        }
        String word = protocol.name().toLowerCase(Locale.ROOT);
        if (ports == null) {
            return word;
        }
        return ports.first() == ports.last()
                ? "%s.dst == %d".formatted(word, ports.first())
                : "%1$s.dst >= %2$d && %1$s.dst <= %3$d".formatted(word, ports.first(), ports.last());
    }

    private static String peers(Remote remote, String side) {
        return switch (remote) {
            case Remote.Anyone anyone -> "";
            case Remote.Block block ->
                " && %s.%s == %s"
                        .formatted(block.cidr().family() == IpAddress.Family.IPV6 ? "ip6" : "ip4", side, block.cidr());
            case Remote.Members members ->
                " && (ip4.%1$s == $%2$s_ip4 || ip6.%1$s == $%2$s_ip6)".formatted(side, members.backendId());
        };
    }

    /** All groups of the cluster, without their members. */
    List<Row> all() {
        return northbound.read(new Operation.Select(
                TABLE, List.of(mark.any()), List.of("_uuid", "name", AclRows.REFERENCES, Mark.COLUMN)));
    }

    /** For a cluster that is taken down. */
    void delete() {
        northbound.settle(
                "deleting the cluster's security profiles",
                () -> new Change<>(
                        all().stream()
                                .filter(row -> profile(row).isPresent())
                                .<Operation>map(row -> Operation.delete(TABLE, Condition.row(row.id()), mark.any()))
                                .toList(),
                        true));
    }

    static Row withAcls(Row group, Map<UUID, Row> acls) {
        return group.with(AclRows.REFERENCES, Value.uuids(acls.keySet()));
    }
}
