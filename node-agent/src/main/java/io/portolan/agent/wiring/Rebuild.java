package io.portolan.agent.wiring;

import io.portolan.agent.netlink.Link;
import io.portolan.agent.netlink.NetworkNamespace;
import io.portolan.model.PortId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once at the switch's rows, the kernel's veths and the cache's ports, and removes or mends what is half.
 *
 * <p>That a port is dead takes two witnesses: its namespace's path is gone, and no wire of it has its pod end elsewhere. A
 * pod end that is elsewhere lives in a namespace that some process still holds.
 */
final class Rebuild {
    private static final Logger LOG = LoggerFactory.getLogger(Rebuild.class);

    private final SwitchPorts ports;
    private final Veths veths;
    private final Consumer<Wire> remove;
    private final BiPredicate<Wire, Plug> mend;
    private final Map<PortId, Plug> known;
    private final Map<PortId, Sandbox> attached;

    private final Set<PortId> occupied = new HashSet<>();
    private final Set<String> removed = new HashSet<>();
    private final Set<String> mended = new HashSet<>();

    /** Where the pod end of a wire is. */
    private enum Place {
        NOWHERE,
        RESTING,
        AWAY
    }

    /** @param mend puts right what of a wire is not as it should be, and says whether there was anything */
    Rebuild(
            SwitchPorts ports,
            Veths veths,
            Consumer<Wire> remove,
            BiPredicate<Wire, Plug> mend,
            List<Plug> all,
            Map<PortId, Sandbox> attached) {
        this.ports = ports;
        this.veths = veths;
        this.remove = remove;
        this.mend = mend;
        this.known = all.stream().collect(Collectors.toMap(Plug::port, Function.identity()));
        this.attached = Map.copyOf(attached);
    }

    Rebuilt run() {
        adoptPairsWithoutRow();
        Map<PortId, List<Wire>> wires = ports.wires().stream().collect(Collectors.groupingBy(Wire::port));
        wires.forEach(this::keepOne);
        ports.wires().stream()
                .filter(wire -> known.containsKey(wire.port()))
                .filter(wire -> mend.test(wire, known.get(wire.port())))
                .forEach(wire -> mended.add(wire.name().hostEnd()));
        Set<PortId> away = ports.wires().stream()
                .filter(wire -> place(wire.name()) == Place.AWAY)
                .map(Wire::port)
                .collect(Collectors.toSet());
        away.stream().filter(port -> !attached.containsKey(port)).forEach(port -> {
            occupied.add(port);
            LOG.warn("port {} is in use by something that is in no cache: it is left alone and not handed out", port);
        });
        Set<PortId> dead = attached.entrySet().stream()
                .filter(entry -> !away.contains(entry.getKey()))
                .filter(entry -> NetworkNamespace.identityAt(entry.getValue().namespace())
                        .isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        return new Rebuilt(dead, occupied, removed, mended);
    }

    /** A pair without a row was being made or removed; but if a pod has its other end, the switch has lost the row. */
    private void adoptPairsWithoutRow() {
        Set<String> rows =
                ports.wires().stream().map(wire -> wire.name().hostEnd()).collect(Collectors.toSet());
        for (Link link : veths.hostEnds()) {
            if (rows.contains(link.name()) || ports.hasPort(link.name())) {
                continue;
            }
            WireName name = WireName.ofHostEnd(link.name()).orElseThrow();
            Optional<Plug> plug = Optional.of(link.alias())
                    .filter(alias -> alias.startsWith(Veths.ALIAS))
                    .flatMap(alias -> known.values().stream()
                            .filter(one -> alias.equals(Veths.ALIAS + one.port()))
                            .findFirst());
            if (plug.isPresent() && attached.containsKey(plug.get().port()) && place(name) == Place.AWAY) {
                adopt(name, plug.get());
            } else if (place(name) == Place.RESTING) {
                veths.delete(name);
                removed.add(name.hostEnd());
            }
        }
    }

    private void adopt(WireName name, Plug plug) {
        try {
            ports.add(name, plug);
            mended.add(name.hostEnd());
        } catch (WiringRefused e) {
            if (!e.concernsThePort()) {
                throw e;
            }
            LOG.error("a pod has port {} and stays without network: {}", plug.port(), e.getMessage());
        }
    }

    /** Of a port's wires the one that a pod has, else one that is whole, stays. */
    private void keepOne(PortId port, List<Wire> wires) {
        Optional<Wire> kept = wires.stream()
                .filter(wire -> place(wire.name()) == Place.AWAY)
                .findFirst()
                .or(() -> wires.stream()
                        .filter(wire -> known.containsKey(port) && place(wire.name()) == Place.RESTING)
                        .findFirst());
        for (Wire wire : wires) {
            if (!Optional.of(wire).equals(kept) && place(wire.name()) != Place.AWAY) {
                remove.accept(wire);
                removed.add(wire.name().hostEnd());
            }
        }
    }

    private Place place(WireName name) {
        if (veths.restingEnd(name).isPresent()) {
            return Place.RESTING;
        }
        return veths.hostEnd(name).isPresent() ? Place.AWAY : Place.NOWHERE;
    }
}
