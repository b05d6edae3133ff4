package io.portolan.lb;

import io.portolan.lb.desired.Packet;
import io.portolan.lb.desired.Verdict;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.TransactResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What OVN does with a packet, read from the rows of its northbound database and from nothing of ours. */
final class OvnVerdicts {
    private final Map<UUID, Row> balancers;
    private final List<Row> groups;
    private final Map<UUID, Row> switches;
    private final List<Row> portGroups;
    private final Map<UUID, Row> rules;

    private OvnVerdicts(
            Map<UUID, Row> balancers,
            List<Row> groups,
            Map<UUID, Row> switches,
            List<Row> portGroups,
            Map<UUID, Row> rules) {
        this.portGroups = portGroups;
        this.rules = rules;
        this.balancers = balancers;
        this.groups = groups;
        this.switches = switches;
    }

    static OvnVerdicts read(OvsdbClient northbound) {
        TransactResult result = northbound.transact(
                Operation.select("Load_Balancer"),
                Operation.select("Load_Balancer_Group"),
                Operation.select("Logical_Switch"),
                Operation.select("Port_Group"),
                Operation.select("ACL"));
        return new OvnVerdicts(
                result.rows(0).stream().collect(Collectors.toMap(Row::id, row -> row)),
                result.rows(1),
                result.rows(2).stream().collect(Collectors.toMap(Row::id, row -> row)),
                result.rows(3),
                result.rows(4).stream().collect(Collectors.toMap(Row::id, row -> row)));
    }

    /** @param nodeSwitch the switch of the packet's pod */
    Verdict inside(Packet packet, UUID nodeSwitch) {
        Row at = switches.get(nodeSwitch);
        List<UUID> attached = new ArrayList<>(at.uuids("load_balancer"));
        groups.stream()
                .filter(group -> at.uuids("load_balancer_group").contains(group.id()))
                .forEach(group -> attached.addAll(group.uuids("load_balancer")));
        return verdict(packet, attached);
    }

    Verdict outside(Packet packet, ClusterId cluster) {
        if (isHeldBack(packet, cluster)) {
            return new Verdict.Lost();
        }
        List<UUID> attached = new ArrayList<>();
        groups.stream()
                .filter(group -> group.string("name").equals("portolan-" + cluster + "-outside"))
                .forEach(group -> attached.addAll(group.uuids("load_balancer")));
        return verdict(packet, attached);
    }

    /** By the rules that every packet from outside meets before the router does; the first that fits counts. */
    private boolean isHeldBack(Packet packet, ClusterId cluster) {
        String name = "portolan_sources_" + cluster.toString().replace("-", "");
        String to = "inport == @%s && ip4.dst == %s && %s.dst == %d"
                .formatted(name, packet.destination(), packet.protocol().toLowerCase(Locale.ROOT), packet.port());
        return portGroups.stream()
                .filter(group -> group.string("name").equals(name))
                .flatMap(group -> group.uuids("acls").stream().map(rules::get))
                .filter(rule -> fits(rule.string("match"), to, packet.source()))
                .max(Comparator.comparingLong(rule -> rule.integer("priority")))
                .filter(rule -> rule.string("action").equals("drop"))
                .isPresent();
    }

    private static boolean fits(String match, String to, String source) {
        String from = to + " && ip4.src == {";
        return match.equals(to)
                || (match.startsWith(from)
                        && Stream.of(match.substring(from.length(), match.length() - 1)
                                        .split(", "))
                                .anyMatch(range -> Cidr.parse(range).contains(IpAddress.parse(source))));
    }

    private Verdict verdict(Packet packet, List<UUID> attached) {
        List<Verdict> verdicts = attached.stream()
                .map(balancers::get)
                .filter(row -> row.optionalString("protocol")
                        .filter(packet.protocol().toLowerCase(Locale.ROOT)::equals)
                        .isPresent())
                .flatMap(row -> Stream.ofNullable(row.stringMap("vips").get(packet.destination() + ":" + packet.port()))
                        .map(backends -> verdict(row, backends)))
                .toList();
        if (verdicts.size() > 1) {
            throw new AssertionError("%s meets %d balancers: %s".formatted(packet, verdicts.size(), verdicts));
        }
        return verdicts.isEmpty() ? new Verdict.Passed() : verdicts.getFirst();
    }

    private static Verdict verdict(Row row, String backends) {
        if (!backends.isEmpty()) {
            return new Verdict.Balanced(Set.of(backends.split(",")));
        }
        return "true".equals(row.stringMap("options").get("reject")) ? new Verdict.Refused() : new Verdict.Lost();
    }
}
