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

/** The bridge for pods in the node's {@code Open_vSwitch} database: our ports in it, and when they carry traffic. */
final class SwitchPorts implements AutoCloseable {
    /** The mark: the port's id in {@code external_ids} of its Interface row. */
    static final String MARK = "portolan-port";

    private static final Logger LOG = LoggerFactory.getLogger(SwitchPorts.class);

    private final OvsdbClient database;
    private final String bridge;
    private final Binding binding;
    private final VlanAccess vlan;
    private final Replica replica;
    private final ReentrantLock lock = new ReentrantLock();
    private final java.util.concurrent.locks.Condition changed = lock.newCondition();

    /** Of two ports with one tag, one must see the other. */
    private final ReentrantLock adding = new ReentrantLock();

    SwitchPorts(OvsdbClient database, String bridge, Binding binding) {
        this.database = database;
        this.bridge = bridge;
        this.binding = binding;
        vlan = new VlanAccess(binding);
        this.replica = database.replicate(
                Watch.table("Bridge").columns("name", "ports", "datapath_type", "external_ids"),
                Watch.table("Port").columns("name", "interfaces", "tag", "vlan_mode"),
                Watch.table("Interface")
                        .columns("name", "external_ids", "ofport", "error", "admin_state", "link_state"));
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
        BridgeRows rows = rows();
        return rows.bridge().isPresent() ? binding.trouble(rows) : Optional.of("Open vSwitch has no bridge " + bridge);
    }

    /** Whether frames are switched in user space, which takes them as a veth hands them over. */
    boolean inUserSpace() {
        return rows().bridge()
                .filter(row -> row.string("datapath_type").equals("netdev"))
                .isPresent();
    }

    List<Wire> wires() {
        BridgeRows rows = rows();
        boolean leadsOut = binding.leadsOut(rows);
        return rows.now().table("Interface").entrySet().stream()
                .flatMap(entry -> wire(entry.getKey(), entry.getValue(), leadsOut).stream())
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
        Map<String, String> ids = new LinkedHashMap<>(binding.interfaceIds(plug));
        ids.put(MARK, plug.port().toString());
        List<Operation> operations = List.of(
                Operation.insert(
                                "Interface",
                                Row.empty().with("name", name.hostEnd()).with("external_ids", ids))
                        .named("interface"),
                Operation.insert(
                                "Port",
                                vlan.columns(plug)
                                        .with("name", name.hostEnd())
                                        .with("interfaces", Value.named(List.of("interface"))))
                        .named("port"),
                Operation.mutate(
                        "Bridge", Mutation.insert("ports", Value.named(List.of("port"))), Condition.is("name", bridge)),
                Operation.comment("portolan: plumb " + plug.port()));
        adding.lock();
        try {
            Optional.ofNullable(obstacles(List.of(plug)).get(plug.port())).ifPresent(reason -> {
                throw new WiringRefused(
                        reason,
                        reason == WiringRefused.Reason.UNTAGGED
                                ? "port %s has no VLAN tag".formatted(plug.port())
                                : "another port of bridge %s has VLAN tag %s of port %s"
                                        .formatted(bridge, vlan.text(plug), plug.port()));
            });
            TransactResult result = transact(operations);
            if (result.changed(2) != 1) {
                throw new WiringRefused(WiringRefused.Reason.NO_BRIDGE, "Open vSwitch has no bridge " + bridge);
            }
            return result.inserted(0);
        } finally {
            adding.unlock();
        }
    }

    /** Which of these ports cannot be plugged in now, and why. */
    Map<PortId, WiringRefused.Reason> obstacles(Collection<Plug> plugs) {
        return vlan.obstacles(rows(), plugs);
    }

    /** What the switch says otherwise of a wire than the port wants, in words; empty as a rule. */
    Optional<String> difference(Wire wire, Plug plug) {
        return rows().port(wire.name().hostEnd())
                .map(row -> vlan.difference(row, plug))
                .orElseGet(() -> Optional.of("interface %s is not in bridge %s".formatted(wire.name(), bridge)));
    }

    /** Puts right what somebody changed in a wire's row; returns whether there was anything. */
    boolean mend(Wire wire, Plug plug) {
        Optional<String> found = rows().port(wire.name().hostEnd()).flatMap(row -> vlan.difference(row, plug));
        found.ifPresent(what -> {
            LOG.warn("somebody changed a port of ours, which is put right: {}", what);
            transact(List.of(
                    Operation.update(
                            "Port",
                            vlan.columns(plug),
                            Condition.is("name", wire.name().hostEnd())),
                    Operation.comment("portolan: mend " + plug.port())));
        });
        return found.isPresent();
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
                if (found.isPresent() && isReady(found.get(), binding.leadsOut(rows()))) {
                    return;
                }
                long left = end - System.nanoTime();
                if (found.isEmpty() || left <= 0) {
                    throw new WiringRefused(WiringRefused.Reason.NOT_READY, whyNotReady(found, port, timeout));
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

    /** Waits until the node has carried out this configuration of the network, or a later one. */
    void awaitConfiguration(long number, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        lock.lock();
        try {
            while (rows().configuration() < number) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    throw new WiringRefused(
                            WiringRefused.Reason.NOT_READY,
                            "ovn-controller has not carried out the network's configuration %d within %s; it is at %d"
                                    .formatted(number, timeout, rows().configuration()));
                }
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WiringRefused(
                    WiringRefused.Reason.NOT_READY, "interrupted while waiting for the network's configuration", e);
        } finally {
            lock.unlock();
        }
    }

    private String whyNotReady(Optional<Row> row, String port, Duration timeout) {
        if (row.isEmpty()) {
            return "somebody removed port " + port + " from the switch";
        }
        String error = row.get().optionalString("error").orElse("");
        if (!error.isEmpty()) {
            return "Open vSwitch could not open the interface of port " + port + ": " + error;
        }
        String missing = isOpen(row.get()) ? binding.missing(rows()) : "Open vSwitch did not open the interface";
        return "port %s was not ready within %s: %s".formatted(port, timeout, missing);
    }

    /** The conntrack zone of a port, where its connections are tracked on this node. */
    Optional<String> conntrackZone(String backendId) {
        return rows().bridge().flatMap(row -> binding.conntrackZone(row, backendId));
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

    private BridgeRows rows() {
        return new BridgeRows(replica.snapshot(), bridge);
    }

    private Optional<Wire> wire(UUID id, Row row, boolean leadsOut) {
        Optional<PortId> port = marked(row);
        return port.isEmpty()
                ? Optional.empty()
                : WireName.ofHostEnd(row.string("name"))
                        .map(name -> new Wire(port.get(), name, id, isReady(row, leadsOut)));
    }

    /** Whose wire an interface is, where it is one. */
    static Optional<PortId> marked(Row row) {
        String mark = row.stringMap("external_ids").get(MARK);
        try {
            return mark == null ? Optional.empty() : Optional.of(PortId.parse(mark));
        } catch (Malformed e) {
            LOG.warn("interface {}: {}={}: {}", row.string("name"), MARK, mark, e.getMessage());
            return Optional.empty();
        }
    }

    private boolean isReady(Row row, boolean leadsOut) {
        return leadsOut && isOpen(row) && binding.carries(row);
    }

    private static boolean isOpen(Row row) {
        return row.optionalInteger("ofport").orElse(-1) > 0
                && row.optionalString("error").orElse("").isEmpty();
    }
}
