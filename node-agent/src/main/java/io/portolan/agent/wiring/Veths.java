package io.portolan.agent.wiring;

import io.portolan.agent.netlink.Change;
import io.portolan.agent.netlink.Errno;
import io.portolan.agent.netlink.Link;
import io.portolan.agent.netlink.Netlink;
import io.portolan.agent.netlink.NetlinkException;
import io.portolan.agent.netlink.Route;
import io.portolan.model.PortId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The veth pairs of the wires, in the host's namespace and in the pods'. */
final class Veths {
    static final String ALIAS = SwitchPorts.MARK + "=";

    private final Netlink host;

    Veths(Netlink host) {
        this.host = host;
    }

    Optional<Link> hostEnd(WireName name) {
        return host.link(name.hostEnd());
    }

    /** The pod end while no pod has it. */
    Optional<Link> restingEnd(WireName name) {
        return host.link(name.podEnd());
    }

    /** Empty when the name is taken. */
    boolean create(WireName name, Plug plug) {
        try {
            host.apply(Change.createVeth(name.hostEnd(), name.podEnd(), plug.mtu(), plug.mac()));
            return true;
        } catch (NetlinkException e) {
            if (e.alreadyThere()) {
                return false;
            }
            throw e;
        }
    }

    /** Marks both ends, prepares them for the switch and raises the host end. */
    void prepare(WireName name, PortId port, boolean inUserSpace) {
        Link hostEnd = there(name.hostEnd());
        Link podEnd = there(name.podEnd());
        if (inUserSpace) {
            host.turnOffloadsOff(hostEnd);
            host.turnOffloadsOff(podEnd);
        }
        host.apply(Change.alias(hostEnd, ALIAS + port), Change.alias(podEnd, ALIAS + port), Change.up(hostEnd));
    }

    /** Raises a host end that somebody took down; returns whether it was so. */
    boolean raise(WireName name) {
        Optional<Link> down = hostEnd(name).filter(link -> !link.up());
        down.ifPresent(link -> host.applyTolerating(NetlinkException::notThere, Change.up(link)));
        return down.isPresent();
    }

    /** The pod's end goes along, wherever it is. */
    void delete(WireName name) {
        host.applyTolerating(NetlinkException::notThere, Change.delete(name.hostEnd()));
    }

    /** Moves the resting end into a pod. */
    Link moveIn(Link resting, Netlink pod, String interfaceName) {
        try {
            return host.moveTo(resting, pod, interfaceName);
        } catch (NetlinkException e) {
            if (e.errno() == Errno.EEXIST) {
                throw new WiringRefused(
                        WiringRefused.Reason.NAME_TAKEN,
                        "the pod has an interface %s already".formatted(interfaceName),
                        e);
            }
            throw e;
        }
    }

    /** The pod's end of this pair, whatever it is called there. */
    static Optional<Link> endIn(Netlink pod, Link hostEnd) {
        return pod.links().stream()
                .filter(link -> link.kind().equals("veth")
                        && link.peerIndex() == hostEnd.index()
                        && hostEnd.peerIndex() == link.index())
                .findFirst();
    }

    /** Gives the pod's interface what the port has; what it has already does not matter. */
    static void configure(Netlink pod, Link inside, Plug plug) {
        List<Change> changes = new ArrayList<>();
        if (inside.mtu() != plug.mtu()) {
            changes.add(Change.mtu(inside, plug.mtu()));
        }
        plug.interfaceAddresses().forEach(address -> changes.add(Change.addAddress(inside, address)));
        changes.add(Change.up(inside));
        pod.link("lo").ifPresent(lo -> changes.add(Change.up(lo)));
        for (Route route : plug.routes()) {
            changes.add(Change.addRoute(inside, route));
        }
        pod.applyTolerating(NetlinkException::alreadyThere, changes.toArray(Change[]::new));
    }

    /** Moves a pod's end back: down, without addresses and routes. */
    Link moveOut(Link inside, Netlink pod, WireName name) {
        return pod.moveTo(inside, host, name.podEnd());
    }

    /** Undoes what a pod may have done to its interface. */
    void restore(Link resting, Plug plug, boolean inUserSpace) {
        List<Change> changes = new ArrayList<>();
        changes.add(Change.down(resting));
        if (!resting.mac().equals(Optional.of(plug.mac()))) {
            changes.add(Change.mac(resting, plug.mac()));
        }
        if (resting.mtu() != plug.mtu()) {
            changes.add(Change.mtu(resting, plug.mtu()));
        }
        if (!resting.alias().equals(ALIAS + plug.port())) {
            changes.add(Change.alias(resting, ALIAS + plug.port()));
        }
        host.apply(changes.toArray(Change[]::new));
        if (inUserSpace) {
            host.turnOffloadsOff(resting);
        }
    }

    /** All host ends that bear our name. */
    List<Link> hostEnds() {
        return host.links().stream()
                .filter(link -> link.kind().equals("veth")
                        && WireName.ofHostEnd(link.name()).isPresent())
                .toList();
    }

    private Link there(String name) {
        return host.link(name)
                .orElseThrow(() -> new IllegalStateException(
                        "%s vanished from %s just after it was made".formatted(name, host.namespace())));
    }
}
