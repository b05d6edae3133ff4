package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * The two groups of a cluster's load balancers: {@code inside} is referenced by each of its switches, {@code outside} by
 * what stands at the gateway.
 *
 * <p>A balancer is a member from the transaction that makes it, and a switch references the group from the one that makes
 * it: ovn-controller 23.03 has no hairpin flows for a balancer that comes to a switch later ({@code
 * docs/adr/0003-router-port-pinned-to-its-node.md}). The table has no {@code external_ids}: a group is ours by its {@code
 * _uuid}, which is derived, and by its name.
 */
record BalancerGroups(Northbound northbound, Mark mark) {
    static final String TABLE = "Load_Balancer_Group";
    static final String MEMBERS = "load_balancer";

    /** The column of a switch or a router. */
    static final String REFERENCES = "load_balancer_group";

    UUID row(Reach reach) {
        return UUID.nameUUIDFromBytes(("portolan:load-balancer-group:" + name(reach)).getBytes(StandardCharsets.UTF_8));
    }

    private String name(Reach reach) {
        return "portolan-%s-%s".formatted(mark.cluster(), reach.name().toLowerCase(Locale.ROOT));
    }

    Row wanted(Reach reach) {
        return Row.empty().with("name", name(reach));
    }

    Operation.Select select(Reach reach, String... columns) {
        return new Operation.Select(TABLE, List.of(Condition.row(row(reach))), List.of(columns));
    }

    /** Two at once are one: the second is refused by the server, and its writer looks again. */
    List<Operation> insertIfMissing(Reach reach) {
        List<Row> found = northbound.read(select(reach, "_uuid", "name"));
        if (found.isEmpty()) {
            return List.of(Operation.insert(TABLE, northbound.fit(TABLE, wanted(reach)))
                    .withId(row(reach)));
        }
        return found.getFirst().string("name").equals(name(reach))
                ? List.of()
                : List.of(Operation.update(TABLE, wanted(reach), Condition.row(row(reach))));
    }

    /** Groups of others on the switch stay. */
    List<Operation> referenceIfMissing(Row theSwitch) {
        UUID group = row(Reach.INSIDE);
        return theSwitch.uuids(REFERENCES).contains(group)
                ? List.of()
                : List.of(Operation.mutate(
                        Kind.SWITCH.table(),
                        Mutation.insert(REFERENCES, Atom.of(group)),
                        Condition.row(theSwitch.id())));
    }

    /** The router's share of the gateway: groups of others on it stay. */
    List<Operation> referenceOutside(Row router) {
        UUID group = row(Reach.OUTSIDE);
        return router.uuids(REFERENCES).contains(group)
                ? List.of()
                : List.of(Operation.mutate(
                        Routers.TABLE, Mutation.insert(REFERENCES, Atom.of(group)), Condition.row(router.id())));
    }

    List<Operation> unreferenceOutside(Row router) {
        UUID group = row(Reach.OUTSIDE);
        return router.uuids(REFERENCES).contains(group)
                ? List.of(Operation.mutate(
                        Routers.TABLE, Mutation.delete(REFERENCES, Atom.of(group)), Condition.row(router.id())))
                : List.of();
    }

    /** For a cluster that is taken down: its balancers, and its groups unless something still references them. */
    void delete() {
        northbound.settle("deleting the cluster's load balancers", () -> {
            List<Operation> operations = new ArrayList<>();
            northbound
                    .read(new Operation.Select(Kind.LOAD_BALANCER.table(), List.of(mark.any()), List.of("_uuid")))
                    .forEach(row -> operations.add(
                            Operation.delete(Kind.LOAD_BALANCER.table(), Condition.row(row.id()), mark.any())));
            for (Reach reach : Reach.values()) {
                List<List<Row>> found = northbound.read(List.of(
                        select(reach, "_uuid"),
                        references(Kind.SWITCH.table(), reach),
                        references(Routers.TABLE, reach)));
                boolean used = !found.get(1).isEmpty() || !found.get(2).isEmpty();
                if (!found.getFirst().isEmpty() && !used) {
                    operations.add(Operation.delete(TABLE, Condition.row(row(reach))));
                }
            }
            operations.addAll(new SourceLimits(northbound, mark).delete());
            return new Change<>(operations, true);
        });
    }

    private Operation.Select references(String table, Reach reach) {
        return new Operation.Select(
                table, List.of(Condition.includes(REFERENCES, Atom.of(row(reach)))), List.of("_uuid"));
    }
}
