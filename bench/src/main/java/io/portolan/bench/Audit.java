package io.portolan.bench;

import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/**
 * An audit of 800 nodes with 125 ports each: whole services on PostgreSQL, and real northbound and southbound databases. The
 * ports are made as ever; leases, bindings and caches are written where agents and ovn-controllers would have written them.
 */
final class Audit implements Harness {
    private static final int NODES = 800;
    private static final int PORTS = 125;
    /** Tunnel keys of a datapath that are for ports. */
    private static final int KEYS = 32_000;

    private static final int HEAP_MIB = 256;
    private static final String CLUSTER = "/v1/clusters/audited";
    private static final Duration LONG = Duration.ofMinutes(20);

    @Override
    public String name() {
        return "audit";
    }

    @Override
    public List<Figure> measure() {
        try (Workspace workspace = Workspace.create()) {
            OvsdbServer northbound = server(workspace, "nb");
            OvsdbServer southbound = server(workspace, "sb");
            ReplicatedServices services =
                    ReplicatedServices.onMemoryNetwork(workspace, Path.of("").toAbsolutePath(), HEAP_MIB);
            ReplicatedServices.Replica replica = services.topology().getFirst();
            RestCalls topology = new RestCalls(replica.calls().base(), LONG);
            fill(topology, northbound, southbound);
            Bench.say("leases, bindings and caches");
            try (Connection ledger = services.ledger().owner().connect();
                    Statement statement = ledger.createStatement()) {
                lease(statement);
                bind(statement, southbound);
            }
            double best = Double.MAX_VALUE;
            for (int round = 0; round < 3; round++) {
                long begin = System.nanoTime();
                JsonNode audit = topology.get(CLUSTER + "/audit").ok();
                double took = (System.nanoTime() - begin) / 1e9;
                Bench.say("%s ports in %.1f s, clean: %s"
                        .formatted(
                                audit.path("ports"), took, audit.path("clean").asBoolean()));
                if (audit.path("ports").asInt() != NODES * PORTS
                        || audit.path("caches").asInt() != NODES
                        || !audit.path("clean").asBoolean()) {
                    throw new IllegalStateException("not the audit that it was to be: " + audit);
                }
                best = Math.min(best, took);
            }
            return List.of(
                    Figure.of("audit of %,d ports".formatted(NODES * PORTS), best, "s", 60),
                    Figure.of(
                            "resident memory of topology-service at most",
                            new Processes(replica.daemon().pid()).mebibytes("VmHWM"),
                            "MiB",
                            512));
        } catch (SQLException e) {
            throw new IllegalStateException("the ledger cannot be filled", e);
        }
    }

    private static OvsdbServer server(Workspace workspace, String name) {
        return OvsdbServer.in(workspace, name)
                .database(Path.of("/usr/share/ovn/ovn-%s.ovsschema".formatted(name)))
                .start();
    }

    private static void fill(RestCalls topology, OvsdbServer northbound, OvsdbServer southbound) {
        topology.put(
                        CLUSTER,
                        Map.of(
                                "mode",
                                "overlay",
                                "podCidrs",
                                List.of("10.0.0.0/10"),
                                "backend",
                                Map.of("endpoints", northbound.unixRemote(), "southbound", southbound.unixRemote())))
                .ok();
        await(() -> topology.get(CLUSTER).ok().path("state").asString().equals("ready"));
        Bench.say("%d nodes with %d ports each are made".formatted(NODES, PORTS));
        for (int node = 0; node < NODES; node++) {
            topology.put(
                            CLUSTER + "/nodes/node-" + node,
                            Map.of(
                                    "cpus",
                                    64,
                                    "memoryMiB",
                                    262_144,
                                    "maxPods",
                                    110,
                                    "chassis",
                                    "node-" + node,
                                    "agent",
                                    UUID.randomUUID()))
                    .ok();
        }
        await(() -> topology.get(CLUSTER).ok().path("ports").path("free").asInt() == NODES * PORTS);
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await().atMost(LONG).pollInterval(Duration.ofSeconds(1)).until(so::getAsBoolean);
    }

    /** Half of the ports are on lease, half of these are pods'; the nodes hold what is on lease. */
    private static void lease(Statement ledger) throws SQLException {
        ledger.execute("""
                update port set state = 'leased', lease_epoch = 1, changed_at = now() - interval '1 hour', changed_by = 'bench', revision = revision + 1
                where get_byte(uuid_send(id), 15) < 128""");
        ledger.execute("""
                update port set state = 'bound', sandbox = md5(id::text), interface = 'eth0', changed_by = 'bench', revision = revision + 1
                where get_byte(uuid_send(id), 15) < 64""");
        ledger.execute("""
                insert into node_cache (node_id, epoch, digest, ports, seen_at)
                select node_id, 1, md5(node_id::text), jsonb_agg(case when state = 'bound'
                  then jsonb_build_object('port', id, 'state', 'bound', 'sandbox', sandbox, 'networkInterface', interface)
                  else jsonb_build_object('port', id, 'state', 'free') end), now() + interval '1 hour'
                from port where lease_epoch is not null group by node_id""");
    }

    private static void bind(Statement ledger, OvsdbServer southbound) throws SQLException {
        try (OvsdbClient client = OvsdbClient.open(OvsdbOptions.of(southbound.unixRemote(), "OVN_Southbound"))) {
            client.awaitConnected(Duration.ofSeconds(10));
            Map<String, UUID> chassis = new HashMap<>();
            List<Operation> made = new ArrayList<>();
            List<UUID> datapaths = new ArrayList<>();
            for (int node = 0; node < NODES; node++) {
                UUID encap = UUID.randomUUID();
                UUID id = UUID.randomUUID();
                chassis.put("node-" + node, id);
                made.add(Operation.insert(
                                "Encap",
                                Row.empty()
                                        .with("type", "geneve")
                                        .with("ip", "192.0.2.%d:%d".formatted(node % 256, node))
                                        .with("chassis_name", "node-" + node))
                        .withId(encap));
                made.add(Operation.insert(
                                "Chassis",
                                Row.empty().with("name", "node-" + node).with("encaps", Value.uuids(List.of(encap))))
                        .withId(id));
            }
            for (int i = 0; i <= NODES * PORTS / KEYS; i++) {
                datapaths.add(UUID.randomUUID());
                made.add(Operation.insert("Datapath_Binding", Row.empty().with("tunnel_key", i + 1))
                        .withId(datapaths.getLast()));
            }
            client.transact(made);
            List<Operation> bindings = new ArrayList<>();
            try (ResultSet ports = ledger.executeQuery(
                    "select p.id, n.chassis, p.lease_epoch is not null from port p join node n on n.id = p.node_id")) {
                for (int key = 0; ports.next(); key++) {
                    Row row = Row.empty()
                            .with("logical_port", ports.getString(1))
                            .with("datapath", datapaths.get(key / KEYS))
                            .with("tunnel_key", key % KEYS + 1);
                    bindings.add(Operation.insert(
                            "Port_Binding",
                            ports.getBoolean(3)
                                    ? row.with("chassis", Objects.requireNonNull(chassis.get(ports.getString(2))))
                                            .with("up", true)
                                    : row));
                    if (bindings.size() == 2_000) {
                        client.transact(bindings);
                        bindings.clear();
                    }
                }
            }
            client.transact(bindings);
        }
    }
}
