package io.portolan.agent.netlink;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Links, addresses and routes of one network namespace. */
public final class Netlink implements AutoCloseable {
    private static final int TRIES_OF_A_LIST = 10;

    private final NetworkNamespace namespace;
    private final NetlinkSocket socket;

    private Netlink(NetworkNamespace namespace, NetlinkSocket socket) {
        this.namespace = namespace;
        this.socket = socket;
    }

    /** The namespace stays the caller's to close, not before this when interfaces are to be moved here. */
    public static Netlink in(NetworkNamespace namespace) {
        return new Netlink(namespace, NetlinkSocket.in(namespace));
    }

    public NetworkNamespace namespace() {
        return namespace;
    }

    public Optional<Link> link(String name) {
        Change.checkName(name);
        Request request = new Request("read link", name, Rtnetlink.RTM_GETLINK, 0, w -> {
            Change.ifinfomsg(w, 0, 0, 0);
            w.attribute(Rtnetlink.IFLA_IFNAME, name);
        });
        return readLink(request);
    }

    public Optional<Link> link(int index) {
        return readLink(
                new Request("read link", "#" + index, Rtnetlink.RTM_GETLINK, 0, w -> Change.ifinfomsg(w, index, 0, 0)));
    }

    public List<Link> links() {
        return list("list links", Rtnetlink.RTM_GETLINK, w -> Change.ifinfomsg(w, 0, 0, 0))
                .map(Link::read)
                .toList();
    }

    /** Of both families, those that the kernel gave by itself among them. */
    public List<InterfaceAddress> addresses(Link link) {
        return list("list addresses", Rtnetlink.RTM_GETADDR, w -> w.u32(0).u32(0))
                .filter(message -> InterfaceAddress.linkIndex(message) == link.index())
                .flatMap(message -> InterfaceAddress.read(message).stream())
                .toList();
    }

    /** Of both families, those that go along with an address among them. */
    public List<Route> routes(Link link) {
        return routesRead(link).map(Route.Read::route).toList();
    }

    /**
     * Writes the changes in one go, in this order.
     *
     * @throws NetlinkException the first refusal, with the others suppressed in it; the changes that were not refused are made
     */
    public void apply(Change... changes) {
        applyTolerating(ignored -> false, changes);
    }

    /** As {@link #apply}, but refusals that are {@code harmless}, such as {@link NetlinkException#alreadyThere}, do not count. */
    public void applyTolerating(Predicate<NetlinkException> harmless, Change... changes) {
        List<Request> requests = Stream.of(changes).map(Change::request).toList();
        NetlinkException first = null;
        for (NetlinkSocket.Answer answer : socket.exchange(requests)) {
            NetlinkException refusal = answer.refusal();
            if (refusal == null || harmless.test(refusal)) {
                continue;
            }
            if (first == null) {
                first = refusal;
            } else {
                first.addSuppressed(refusal);
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /**
     * Moves an interface of this namespace into the target's under a new name, and takes it down, with its addresses and
     * routes, on the way. MAC, MTU, alias and offloads stay. Refused with the interface where it was.
     *
     * @return the interface as it is there; its index may be another
     */
    public Link moveTo(Link link, Netlink target, String newName) {
        try {
            apply(Change.move(link, target.namespace, newName));
        } catch (NetlinkException refusal) {
            // The kernel moves first and renames then: a name that is taken leaves the interface there under its old
            // one.
            Link halfway = halfway(link, target);
            if (halfway == null && refusal.errno() == Errno.EINVAL) {
                return moveInTwoSteps(link, target, newName);
            }
            if (halfway != null) {
                target.back(halfway, this, refusal);
            }
            throw refusal;
        }
        return target.arrived(link, newName);
    }

    /** For kernels that do not move and rename in one request. */
    Link moveInTwoSteps(Link link, Netlink target, String newName) {
        apply(Change.move(link, target.namespace));
        Link there = target.arrived(link, link.name());
        try {
            target.apply(Change.rename(there, newName));
        } catch (NetlinkException refusal) {
            target.back(there, this, refusal);
            throw refusal;
        }
        return target.arrived(link, newName);
    }

    /** Removes all routes and addresses; those that are gone meanwhile do not matter. */
    public void flush(Link link) {
        List<Change> changes = new ArrayList<>();
        routesRead(link)
                .filter(read -> !read.kernels())
                .forEach(read -> changes.add(Change.removeRoute(link, read.route())));
        addresses(link).forEach(address -> changes.add(Change.removeAddress(link, address)));
        applyTolerating(NetlinkException::notThere, changes.toArray(Change[]::new));
    }

    /** What the netdev datapath of Open vSwitch needs on both ends of a veth: {@code tx}, {@code tso}, {@code gso}, {@code gro} off. */
    public void turnOffloadsOff(Link link) {
        socket.withDescriptor(fd -> {
            Offloads.turnOff(fd, link.name());
            return link;
        });
    }

    @Override
    public void close() {
        socket.close();
    }

    private @Nullable Link halfway(Link link, Netlink target) {
        boolean here = link(link.index())
                .filter(same -> same.name().equals(link.name()))
                .isPresent();
        return here
                ? null
                : target.link(link.name())
                        .filter(there -> there.mac().equals(link.mac()))
                        .orElse(null);
    }

    private void back(Link link, Netlink home, NetlinkException cause) {
        try {
            apply(Change.move(link, home.namespace));
        } catch (NetlinkException e) {
            cause.addSuppressed(e);
        }
    }

    private Link arrived(Link link, String name) {
        return link(name)
                .orElseThrow(() -> new IllegalStateException(
                        "%s is not in %s under the name %s just after its move".formatted(link, namespace, name)));
    }

    private Optional<Link> readLink(Request request) {
        NetlinkSocket.Answer answer = socket.exchange(List.of(request)).getFirst();
        NetlinkException refusal = answer.refusal();
        if (refusal == null) {
            return answer.parts().stream().findFirst().map(Link::read);
        }
        if (refusal.notThere()) {
            return Optional.empty();
        }
        throw refusal;
    }

    private Stream<Route.Read> routesRead(Link link) {
        // struct rtmsg
        return list("list routes", Rtnetlink.RTM_GETROUTE, w -> w.u32(0).u32(0).u32(0))
                .flatMap(message -> Route.read(message).stream())
                .filter(read -> read.link() == link.index());
    }

    private Stream<ByteBuffer> list(String operation, int type, Consumer<MessageWriter> header) {
        Request request = new Request(operation, namespace.toString(), type, Rtnetlink.NLM_F_DUMP, header);
        for (int i = 0; i < TRIES_OF_A_LIST; i++) {
            NetlinkSocket.Answer answer = socket.exchange(List.of(request)).getFirst();
            NetlinkException refusal = answer.refusal();
            if (refusal != null) {
                throw refusal;
            }
            if (!answer.torn()) {
                return answer.parts().stream();
            }
        }
        throw new IllegalStateException(operation + " in " + namespace + ": the list changes all the time");
    }
}
