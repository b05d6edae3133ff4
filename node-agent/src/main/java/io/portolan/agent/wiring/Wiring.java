package io.portolan.agent.wiring;

import io.portolan.agent.netlink.Link;
import io.portolan.agent.netlink.NamespaceRefused;
import io.portolan.agent.netlink.Netlink;
import io.portolan.agent.netlink.NetworkNamespace;
import io.portolan.model.PortId;
import io.portolan.ovsdb.OvsdbClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plumbs, attaches and detaches ports. Safe for any number of threads: what is done to one port is done one after another.
 *
 * <p>Longer than most, because every way into a port goes through the same lock, and the order of the steps, which is what
 * survives a crash, is to be read in one place.
 */
public final class Wiring implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);
    private static final int TRIES_OF_A_NAME = 20;

    private final WiringProperties settings;
    private final SwitchControl control;
    private final NetworkNamespace namespace;
    private final Netlink host;
    private final Veths veths;
    private final SwitchPorts ports;
    private final Checkpoint checkpoint;
    private final Map<PortId, ReentrantLock> locks = new ConcurrentHashMap<>();

    private Wiring(WiringProperties settings, OvsdbClient database, Checkpoint checkpoint) {
        this.settings = settings;
        control = new SwitchControl(settings.switchControl());
        this.checkpoint = checkpoint;
        namespace = NetworkNamespace.open(settings.hostNamespace());
        host = Netlink.in(namespace);
        veths = new Veths(host);
        ports = new SwitchPorts(database, settings.bridge(), Binding.of(settings));
    }

    /** @param database the node's {@code Open_vSwitch}; stays the caller's to close */
    public static Wiring open(WiringProperties settings, OvsdbClient database, Checkpoint checkpoint) {
        return new Wiring(settings, database, checkpoint);
    }

    /** Waits until it is known what the switch has. */
    public void awaitLoaded(Duration timeout) {
        ports.awaitLoaded(timeout);
    }

    /**
     * Waits until the node's switch does what the network's configuration of this number, or of a later one, says.
     *
     * @throws WiringRefused when it does not within this time
     */
    public void awaitConfiguration(long number, Duration timeout) {
        ports.awaitConfiguration(number, timeout);
    }

    /**
     * Waits until the switch passes nothing any more by what its tables said before. It keeps the verdicts on flows that it has
     * met, and looks at them again after a change, which takes it up to half a second. Twice, because a look that is under way may
     * have begun before.
     *
     * @throws WiringRefused when the switch does not say so
     */
    public void awaitFlows() {
        try {
            control.run("revalidator/wait");
            control.run("revalidator/wait");
        } catch (IOException e) {
            throw new WiringRefused(
                    WiringRefused.Reason.NOT_READY,
                    "ovs-vswitchd does not say at %s what it passes: %s".formatted(control, e.getMessage()),
                    e);
        }
    }

    /** Empty when pods can be attached and reach their network, else what the switch lacks. */
    public Optional<String> trouble() {
        return missing().or(this::deadSwitch);
    }

    /** As {@link #trouble}, by what the database says, without asking the switch itself. */
    public Optional<String> missing() {
        return ports.trouble();
    }

    private Optional<String> deadSwitch() {
        try {
            control.run("version");
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("ovs-vswitchd does not answer at %s: %s".formatted(control, e.getMessage()));
        }
    }

    /** The ports whose wire carries traffic and rests in the host's namespace. */
    public Set<PortId> ready() {
        return ports.wires().stream()
                .filter(Wire::ready)
                .filter(wire -> veths.restingEnd(wire.name()).isPresent())
                .map(Wire::port)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** As {@link #ready}, of one port. */
    public boolean isReady(PortId port) {
        return ports.wires(port).stream()
                .anyMatch(wire -> wire.ready() && veths.restingEnd(wire.name()).isPresent());
    }

    /**
     * The ports that have a wire, and whether it carries traffic, by what the switch's database says. The kernel, which alone
     * knows whether the pod's end rests, is not asked: that is a question for each wire.
     */
    public Map<PortId, Boolean> wires() {
        return ports.wires().stream().collect(Collectors.toMap(Wire::port, Wire::ready, Boolean::logicalOr));
    }

    /** The ports that have a wire, whatever its state. */
    public Set<PortId> plumbed() {
        return ports.wires().stream().map(Wire::port).collect(Collectors.toUnmodifiableSet());
    }

    /** Which of these ports no pod can have now through no fault of the switch's, and why. */
    public Map<PortId, WiringRefused.Reason> obstacles(Collection<Plug> plugs) {
        return ports.obstacles(plugs);
    }

    /** The ports whose wire rests in the host's namespace, whether it carries traffic yet or not. */
    public Set<PortId> resting() {
        return ports.wires().stream()
                .filter(wire -> veths.restingEnd(wire.name()).isPresent())
                .map(Wire::port)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The ports whose wire has its pod end somewhere else: in a pod, as a rule. */
    public Set<PortId> away() {
        return ports.wires().stream()
                .filter(wire -> veths.restingEnd(wire.name()).isEmpty()
                        && veths.hostEnd(wire.name()).isPresent())
                .map(Wire::port)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Makes the port's wire unless it is there, and waits until it carries traffic. */
    public void plumb(Plug plug) {
        alone(plug.port(), () -> {
            Wire wire = restingWire(plug);
            awaitReady(wire);
            return wire;
        });
    }

    /** As {@link #plumb}, without waiting. */
    public void plumbAhead(Plug plug) {
        alone(plug.port(), () -> restingWire(plug));
    }

    private Wire restingWire(Plug plug) {
        Wire wire = wired(plug);
        if (veths.restingEnd(wire.name()).isEmpty()) {
            throw occupied(wire);
        }
        return wire;
    }

    /** Takes the port's wire down; a pod loses the interface. */
    public void unplumb(PortId port) {
        unplumbIf(port, () -> true);
    }

    /** As {@link #unplumb}, if the condition holds when nothing else is done to the port. */
    public void unplumbIf(PortId port, BooleanSupplier condition) {
        alone(port, () -> {
            if (condition.getAsBoolean()) {
                ports.wires(port).forEach(this::remove);
            }
            return port;
        });
    }

    /**
     * Gives a pod the port's interface. Again for the same pod: finishes what was begun.
     *
     * @throws NamespaceRefused when the pod's namespace is none
     * @throws WiringRefused when the port cannot be wired
     */
    public Attachment attach(Plug plug, Sandbox sandbox) {
        return alone(plug.port(), () -> {
            try (NetworkNamespace pod = NetworkNamespace.open(sandbox.namespace());
                    Netlink inPod = Netlink.in(pod)) {
                if (pod.identity().equals(namespace.identity())) {
                    throw new WiringRefused(
                            WiringRefused.Reason.HOST_NAMESPACE, sandbox.namespace() + " is the host's own namespace");
                }
                Wire wire = wired(plug);
                awaitReady(wire);
                Link hostEnd = hostEnd(wire);
                Link inside = insideOf(inPod, wire, hostEnd, sandbox.interfaceName());
                checkpoint.passed("pod end moved in");
                Veths.configure(inPod, inside, plug);
                checkpoint.passed("pod end configured");
                return new Attachment(hostEnd.name(), hostEnd.mac(), plug.mtu());
            }
        });
    }

    private Link insideOf(Netlink pod, Wire wire, Link hostEnd, String interfaceName) {
        Optional<Link> resting = veths.restingEnd(wire.name());
        if (resting.isPresent()) {
            return veths.moveIn(resting.get(), pod, interfaceName);
        }
        Link inside = Veths.endIn(pod, hostEnd).orElseThrow(() -> occupied(wire));
        if (!inside.name().equals(interfaceName)) {
            throw new WiringRefused(
                    WiringRefused.Reason.OCCUPIED,
                    "port %s is in the pod already, as %s".formatted(wire.port(), inside.name()));
        }
        return inside;
    }

    /**
     * Takes the interface from a pod. The wire rests again, or is gone if its pod end is. Doing it again, or for a port
     * that is in no pod, does no harm.
     *
     * @param sandbox where the pod's end is, as far as somebody knows
     */
    public void detach(Plug plug, Optional<Sandbox> sandbox) {
        alone(plug.port(), () -> {
            for (Wire wire : ports.wires(plug.port())) {
                if (!retrieve(wire, plug, sandbox)) {
                    remove(wire);
                }
            }
            return plug;
        });
    }

    /** Whether the wire rests, whole. */
    private boolean retrieve(Wire wire, Plug plug, Optional<Sandbox> sandbox) {
        Optional<Link> hostEnd = veths.hostEnd(wire.name());
        if (hostEnd.isEmpty()) {
            return false;
        }
        Optional<Link> resting = veths.restingEnd(wire.name());
        if (resting.isEmpty() && sandbox.isPresent()) {
            resting = moveOut(wire, hostEnd.get(), sandbox.get());
            checkpoint.passed("pod end moved out");
        }
        resting.ifPresent(link -> veths.restore(link, plug, ports.inUserSpace()));
        checkpoint.passed("pod end restored");
        return resting.isPresent();
    }

    private Optional<Link> moveOut(Wire wire, Link hostEnd, Sandbox sandbox) {
        try (NetworkNamespace pod = NetworkNamespace.open(sandbox.namespace());
                Netlink inPod = Netlink.in(pod)) {
            return Veths.endIn(inPod, hostEnd).map(inside -> veths.moveOut(inside, inPod, wire.name()));
        } catch (NamespaceRefused e) {
            return Optional.empty();
        }
    }

    /**
     * Forgets the connections that the last pod of a port had, so that the next one does not inherit them. In underlay
     * mode there are none here: the hypervisor tracks them, and they time out.
     */
    public void flushConnections(String backendId) {
        Optional<String> zone = ports.conntrackZone(backendId);
        if (zone.isEmpty()) {
            return;
        }
        try {
            control.run("dpctl/flush-conntrack", "zone=" + zone.get());
        } catch (IOException e) {
            LOG.warn("connections of zone {} stay until they time out: {}", zone.get(), e.getMessage());
        }
    }

    /**
     * Compares a pod's interface with what its port should give it.
     *
     * @return each difference in words
     */
    public List<String> differences(Plug plug, Sandbox sandbox) {
        return alone(plug.port(), () -> {
            Optional<Wire> wire = ports.wires(plug.port()).stream().findFirst();
            if (wire.isEmpty()) {
                return List.of("port %s is not in bridge %s".formatted(plug.port(), settings.bridge()));
            }
            Optional<Link> hostEnd = veths.hostEnd(wire.get().name());
            if (hostEnd.isEmpty()) {
                return List.of("interface %s is gone".formatted(wire.get().name()));
            }
            try (NetworkNamespace pod = NetworkNamespace.open(sandbox.namespace());
                    Netlink inPod = Netlink.in(pod)) {
                List<String> found = inPod.link(sandbox.interfaceName())
                        .map(inside -> differences(inPod, inside, hostEnd.get(), plug))
                        .orElseGet(() -> new ArrayList<>(List.of(
                                "%s has no interface %s".formatted(sandbox.namespace(), sandbox.interfaceName()))));
                ports.difference(wire.get(), plug).ifPresent(found::add);
                return found;
            }
        });
    }

    /** Puts right what somebody changed in the rows and at the host ends of these ports' wires. */
    public void mend(Collection<Plug> plugs) {
        Map<PortId, Plug> known = plugs.stream().collect(Collectors.toMap(Plug::port, Function.identity()));
        for (Wire wire : ports.wires()) {
            Optional.ofNullable(known.get(wire.port())).ifPresent(plug -> mend(wire, plug));
        }
    }

    private boolean mend(Wire wire, Plug plug) {
        boolean row = ports.mend(wire, plug);
        return veths.raise(wire.name()) || row;
    }

    private static List<String> differences(Netlink pod, Link inside, Link hostEnd, Plug plug) {
        List<String> found = new ArrayList<>();
        if (inside.index() != hostEnd.peerIndex() || inside.peerIndex() != hostEnd.index()) {
            found.add("%s is not the other end of %s".formatted(inside, hostEnd));
        }
        if (!inside.mac().equals(Optional.of(plug.mac()))) {
            found.add("%s has MAC %s, not %s"
                    .formatted(inside, inside.mac().map(Object::toString).orElse("none"), plug.mac()));
        }
        if (!inside.up() || !hostEnd.up()) {
            found.add("%s is down".formatted(inside.up() ? hostEnd : inside));
        }
        List<?> addresses = pod.addresses(inside);
        plug.interfaceAddresses().stream()
                .filter(address -> !addresses.contains(address))
                .forEach(address -> found.add("%s lacks address %s".formatted(inside, address)));
        List<?> routes = pod.routes(inside);
        plug.routes().stream()
                .filter(route -> !routes.contains(route))
                .forEach(route -> found.add("%s lacks the route %s".formatted(inside, route)));
        return found;
    }

    /** Makes the switch and the kernel fit what the cache says; before anything else is done. See {@link Rebuild}. */
    public Rebuilt rebuild(List<Plug> all, Map<PortId, Sandbox> attached) {
        return new Rebuild(ports, veths, this::remove, this::mend, all, attached).run();
    }

    /** The port's one whole wire; a new one when there is none. */
    private Wire wired(Plug plug) {
        List<Wire> wires = ports.wires(plug.port());
        Optional<Wire> kept = wires.stream()
                .filter(wire -> veths.hostEnd(wire.name()).isPresent())
                // One that something holds comes first: it must not be taken down for the other's sake.
                .min(Comparator.comparing(wire -> veths.restingEnd(wire.name()).isPresent()));
        wires.stream().filter(wire -> !Optional.of(wire).equals(kept)).forEach(this::remove);
        kept.ifPresent(wire -> mend(wire, plug));
        return kept.orElseGet(() -> make(plug));
    }

    private Wire make(Plug plug) {
        WireName name = newPair(plug);
        try {
            checkpoint.passed("veth made");
            veths.prepare(name, plug.port(), ports.inUserSpace());
            checkpoint.passed("veth prepared");
            UUID row = ports.add(name, plug);
            checkpoint.passed("port added");
            return new Wire(plug.port(), name, row, false);
        } catch (RuntimeException e) {
            discard(name, e);
            throw e;
        }
    }

    private void discard(WireName name, RuntimeException cause) {
        try {
            veths.delete(name);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private WireName newPair(Plug plug) {
        for (int i = 0; i < TRIES_OF_A_NAME; i++) {
            WireName name = WireName.fresh(plug.port());
            if (!ports.hasPort(name.hostEnd()) && veths.create(name, plug)) {
                return name;
            }
        }
        throw new IllegalStateException("no name for a wire of port " + plug.port() + " is free");
    }

    private void remove(Wire wire) {
        ports.remove(List.of(wire));
        checkpoint.passed("port removed");
        veths.delete(wire.name());
        checkpoint.passed("veth deleted");
    }

    private void awaitReady(Wire wire) {
        if (!wire.ready()) {
            ports.awaitReady(wire.row(), wire.port().toString(), settings.readyTimeout());
        }
    }

    private Link hostEnd(Wire wire) {
        return veths.hostEnd(wire.name())
                .orElseThrow(() -> new WiringRefused(
                        WiringRefused.Reason.NOT_READY, "interface " + wire.name() + " vanished meanwhile"));
    }

    private static WiringRefused occupied(Wire wire) {
        return new WiringRefused(
                WiringRefused.Reason.OCCUPIED,
                "the other end of %s, with the address of port %s, is in a namespace that is not this pod's"
                        .formatted(wire.name(), wire.port()));
    }

    private <T> T alone(PortId port, Supplier<T> action) {
        ReentrantLock lock = locks.computeIfAbsent(port, ignored -> new ReentrantLock());
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        ports.close();
        host.close();
        namespace.close();
    }
}
