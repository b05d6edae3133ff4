package io.portolan.lb;

import io.portolan.lb.desired.Packet;
import io.portolan.lb.desired.Verdict;
import io.portolan.model.ClusterId;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.TransactResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** What OVN does with a packet, read from the rows of its northbound database and from nothing of ours. */
final class OvnVerdicts {
    private final Map<UUID, Row> balancers;
    private final List<Row> groups;
    private final Map<UUID, Row> switches;

    private OvnVerdicts(Map<UUID, Row> balancers, List<Row> groups, Map<UUID, Row> switches) {
        this.balancers = balancers;
        this.groups = groups;
        this.switches = switches;
    }

    static OvnVerdicts read(OvsdbClient northbound) {
        TransactResult result = northbound.transact(
                Operation.select("Load_Balancer"),
                Operation.select("Load_Balancer_Group"),
                Operation.select("Logical_Switch"));
        return new OvnVerdicts(
                result.rows(0).stream().collect(Collectors.toMap(Row::id, row -> row)),
                result.rows(1),
                result.rows(2).stream().collect(Collectors.toMap(Row::id, row -> row)));
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
        List<UUID> attached = new ArrayList<>();
        groups.stream()
                .filter(group -> group.string("name").equals("portolan-" + cluster + "-outside"))
                .forEach(group -> attached.addAll(group.uuids("load_balancer")));
        return verdict(packet, attached);
    }

    private Verdict verdict(Packet packet, List<UUID> attached) {
        List<Verdict> verdicts = attached.stream()
                .map(balancers::get)
                .filter(row -> row.optionalString("protocol")
                        .filter(packet.protocol().toLowerCase(Locale.ROOT)::equals)
                        .isPresent())
                .flatMap(row -> java.util.stream.Stream.ofNullable(
                                row.stringMap("vips").get(packet.destination() + ":" + packet.port()))
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
