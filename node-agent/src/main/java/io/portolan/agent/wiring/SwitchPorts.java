package io.portolan.agent.wiring;

import io.portolan.model.Malformed;
import io.portolan.model.PortId;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbException;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Snapshot;
import io.portolan.ovsdb.TransactResult;
import io.portolan.ovsdb.Value;
import io.portolan.ovsdb.Watch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The integration bridge in the node's {@code Open_vSwitch} database: our ports in it, and when they carry traffic. */
final class SwitchPorts implements AutoCloseable {
    /** The mark: the port's id in {@code external_ids} of its Interface row. */
    static final String MARK = "portolan-port";

    private static final Logger LOG = LoggerFactory.getLogger(SwitchPorts.class);

    private static final String IFACE_ID = "iface-id";

    private final OvsdbClient database;
    private final String bridge;
    private final Replica replica;
    private final ReentrantLock lock = new ReentrantLock();
    private final java.util.concurrent.locks.Condition changed = lock.newCondition();

    SwitchPorts(OvsdbClient database, String bridge) {
        this.database = database;
        this.bridge = bridge;
        this.replica = database.replicate(
                Watch.table("Open_vSwitch").columns("external_ids"),
                Watch.table("Bridge").columns("name", "ports", "datapath_type", "external_ids"),
                Watch.table("Port").columns("name", "interfaces"),
                Watch.table("Interface").columns("name", "external_ids", "ofport", "error"));
        replica.listen(ignored -> wakeWaiting());
    }

    private void wakeWaiting() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void awaitLoaded(Duration timeout) {
        replica.awaitLoaded(timeout);
    }

    /** Empty when the switch can be used, else what is missing. */
    Optional<String> trouble() {
        if (!replica.isLive()) {
            return Optional.of("the database of the node's Open vSwitch does not answer");
        }
        return bridge(replica.snapshot()).isPresent()
                ? Optional.empty()
                : Optional.of("Open vSwitch has no bridge " + bridge);
    }

    /** Whether frames are switched in user space, which takes them as a veth hands them over. */
    boolean inUserSpace() {
        return bridge(replica.snapshot())
                .filter(row -> row.string("datapath_type").equals("netdev"))
                .isPresent();
    }

    List<Wire> wires() {
        Snapshot now = replica.snapshot();
        boolean ovn = managedByOvn(now);
        return now.table("Interface").entrySet().stream()
                .flatMap(entry -> wire(entry.getKey(), entry.getValue(), ovn).stream())
                .toList();
    }

    List<Wire> wires(PortId port) {
        return wires().stream().filter(wire -> wire.port().equals(port)).toList();
    }

    /** The names of all its ports, ours or not. */
    boolean hasPort(String name) {
        return replica.snapshot().table("Port").values().stream()
                .anyMatch(row -> row.string("name").equals(name));
    }

    /**
     * Adds a port.
     *
     * @return the row of its interface
     */
    UUID add(WireName name, Plug plug) {
        Map<String, String> ids = new LinkedHashMap<>();
        ids.put(IFACE_ID, plug.backendId());
        ids.put("attached-mac", plug.mac().toString());
        ids.put(MARK, plug.port().toString());
        List<Operation> operations = List.of(
                Operation.insert(
                                "Interface",
                                Row.empty().with("name", name.hostEnd()).with("external_ids", ids))
                        .named("interface"),
                Operation.insert(
                                "Port",
                                Row.empty()
                                        .with("name", name.hostEnd())
                                        .with("interfaces", Value.named(List.of("interface"))))
                        .named("port"),
                Operation.mutate(
                        "Bridge", Mutation.insert("ports", Value.named(List.of("port"))), Condition.is("name", bridge)),
                Operation.comment("portolan: plumb " + plug.port()));
        TransactResult result = transact(operations);
        if (result.changed(2) != 1) {
            throw new WiringRefused(WiringRefused.Reason.NO_BRIDGE, "Open vSwitch has no bridge " + bridge);
        }
        return result.inserted(0);
    }

    /** Removes the ports of these wires; those that are gone do not matter. */
    void remove(Collection<Wire> wires) {
        List<String> names = wires.stream().map(wire -> wire.name().hostEnd()).toList();
        List<UUID> rows = new ArrayList<>();
        replica.snapshot().table("Port").forEach((id, row) -> {
            if (names.contains(row.string("name"))) {
                rows.add(id);
            }
        });
        if (!rows.isEmpty()) {
            transact(List.of(
                    Operation.mutate(
                            "Bridge", Mutation.delete("ports", Value.uuids(rows)), Condition.is("name", bridge)),
                    Operation.comment("portolan: unplumb " + names)));
        }
    }

    /** Waits until traffic passes. */
    void awaitReady(UUID row, String port, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        lock.lock();
        try {
            while (true) {
                Optional<Row> found = replica.row("Interface", row);
                boolean ovn = managedByOvn(replica.snapshot());
                if (found.isPresent() && isReady(found.get(), ovn)) {
                    return;
                }
                long left = end - System.nanoTime();
                if (found.isEmpty() || left <= 0) {
                    throw new WiringRefused(WiringRefused.Reason.NOT_READY, whyNotReady(found, ovn, port, timeout));
                }
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WiringRefused(
                    WiringRefused.Reason.NOT_READY,
                    "interrupted while waiting for port " + port + " to be installed",
                    e);
        } finally {
            lock.unlock();
        }
    }

    private static String whyNotReady(Optional<Row> row, boolean ovn, String port, Duration timeout) {
        if (row.isEmpty()) {
            return "somebody removed port " + port + " from the switch";
        }
        String error = row.get().optionalString("error").orElse("");
        if (!error.isEmpty()) {
            return "Open vSwitch could not open the interface of port " + port + ": " + error;
        }
        return "%s of port %s within %s"
                .formatted(
                        ovn ? "ovn-controller did not install the flows" : "Open vSwitch did not open the interface",
                        port,
                        timeout);
    }

    /** The conntrack zone that OVN gave to a port, where it did. */
    Optional<String> conntrackZone(String backendId) {
        return bridge(replica.snapshot())
                .map(row -> row.stringMap("external_ids").get("ct-zone-" + backendId));
    }

    @Override
    public void close() {
        replica.close();
    }

    private TransactResult transact(List<Operation> operations) {
        try {
            return database.transact(operations);
        } catch (OvsdbException.NotConnected | OvsdbException.OutcomeUnknown e) {
            throw new WiringRefused(
                    WiringRefused.Reason.NO_SWITCH,
                    "the database of the node's Open vSwitch does not answer: " + e.getMessage(),
                    e);
        }
    }

    private Optional<Row> bridge(Snapshot now) {
        return now.table("Bridge").values().stream()
                .filter(row -> row.string("name").equals(bridge))
                .findFirst();
    }

    private static boolean managedByOvn(Snapshot now) {
        return now.table("Open_vSwitch").values().stream()
                .anyMatch(row -> row.stringMap("external_ids").containsKey("ovn-remote"));
    }

    private static Optional<Wire> wire(UUID id, Row row, boolean ovn) {
        Optional<PortId> port = marked(row);
        return port.isEmpty()
                ? Optional.empty()
                : WireName.ofHostEnd(row.string("name")).map(name -> new Wire(port.get(), name, id, isReady(row, ovn)));
    }

    private static Optional<PortId> marked(Row row) {
        String mark = row.stringMap("external_ids").get(MARK);
        try {
            return mark == null ? Optional.empty() : Optional.of(PortId.parse(mark));
        } catch (Malformed e) {
            LOG.warn("interface {}: {}={}: {}", row.string("name"), MARK, mark, e.getMessage());
            return Optional.empty();
        }
    }

    private static boolean isReady(Row row, boolean ovn) {
        return row.optionalInteger("ofport").orElse(-1) > 0
                && (!ovn || "true".equals(row.stringMap("external_ids").get("ovn-installed")));
    }
}
