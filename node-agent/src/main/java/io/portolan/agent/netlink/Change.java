package io.portolan.agent.netlink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One thing that {@link Netlink#apply} is to change. Nothing happens before; what is already so, or not there, is refused by
 * the kernel and told by {@link NetlinkException#alreadyThere} and {@link NetlinkException#notThere}.
 */
public final class Change {
    /** {@code IFNAMSIZ} without the terminating zero. */
    private static final int LONGEST_NAME = 15;

    /** {@code IFALIASZ} without the terminating zero. */
    private static final int LONGEST_ALIAS = 255;

    private static final int CREATE = Rtnetlink.NLM_F_CREATE | Rtnetlink.NLM_F_EXCL;

    private final Request request;

    private Change(Request request) {
        this.request = request;
    }

    Request request() {
        return request;
    }

    /** A pair whose ends are both here, and down. */
    public static Change createVeth(String name, String peerName, int mtu, MacAddress peerMac) {
        return veth(name, peerName, mtu, peerMac, Optional.empty());
    }

    /** A pair whose peer is made straight in another namespace, which is to stay open until this is applied. */
    public static Change createVeth(
            String name, String peerName, int mtu, MacAddress peerMac, NetworkNamespace peerNamespace) {
        return veth(name, peerName, mtu, peerMac, Optional.of(peerNamespace));
    }

    /** A veth's peer goes with it, wherever that is. */
    public static Change delete(String name) {
        checkName(name);
        return link("delete", name, Rtnetlink.RTM_DELLINK, 0, 0, w -> w.attribute(Rtnetlink.IFLA_IFNAME, name));
    }

    /** By index, so that it is surely that one. */
    public static Change delete(Link link) {
        return link("delete", link.name(), Rtnetlink.RTM_DELLINK, link.index(), 0, ignored -> {});
    }

    public static Change up(Link link) {
        return setLink("set up", link, Rtnetlink.IFF_UP, Rtnetlink.IFF_UP, ignored -> {});
    }

    /** Takes the interface's routes with it. */
    public static Change down(Link link) {
        return setLink("set down", link, 0, Rtnetlink.IFF_UP, ignored -> {});
    }

    public static Change mac(Link link, MacAddress mac) {
        return setLink("set mac " + mac, link, w -> w.attribute(Rtnetlink.IFLA_ADDRESS, mac.bytes()));
    }

    public static Change mtu(Link link, int mtu) {
        return setLink("set mtu " + mtu, link, w -> w.attribute(Rtnetlink.IFLA_MTU, mtu));
    }

    /** An interface is renamed while it is down; before Linux 6.2 others are refused with {@link Errno#EBUSY}. */
    public static Change rename(Link link, String newName) {
        checkName(newName);
        return setLink("rename to " + newName, link, w -> w.attribute(Rtnetlink.IFLA_IFNAME, newName));
    }

    /** A note of at most 255 bytes that goes along when the interface moves; an empty one removes it. */
    public static Change alias(Link link, String alias) {
        if (alias.getBytes(UTF_8).length > LONGEST_ALIAS) {
            throw new IllegalArgumentException("an alias has at most " + LONGEST_ALIAS + " bytes");
        }
        return setLink("set alias", link, w -> w.attribute(Rtnetlink.IFLA_IFALIAS, alias.getBytes(UTF_8)));
    }

    /** Usable at once: IPv6's search for duplicates is left out, as the ledger gives an address to one port only. */
    public static Change addAddress(Link link, InterfaceAddress address) {
        return address("add address", link, address, Rtnetlink.RTM_NEWADDR, CREATE);
    }

    public static Change removeAddress(Link link, InterfaceAddress address) {
        return address("remove address", link, address, Rtnetlink.RTM_DELADDR, 0);
    }

    public static Change addRoute(Link link, Route route) {
        return route("add route", link, route, Rtnetlink.RTM_NEWROUTE, CREATE);
    }

    public static Change removeRoute(Link link, Route route) {
        return route("remove route", link, route, Rtnetlink.RTM_DELROUTE, 0);
    }

    /** Leaves address, mtu and alias; takes the interface down and its addresses and routes away. */
    static Change move(Link link, NetworkNamespace target, String newName) {
        checkName(newName);
        return setLink(
                "move to " + target + " as " + newName,
                link,
                w -> w.attribute(Rtnetlink.IFLA_NET_NS_FD, target.fd()).attribute(Rtnetlink.IFLA_IFNAME, newName));
    }

    static Change move(Link link, NetworkNamespace target) {
        return setLink("move to " + target, link, w -> w.attribute(Rtnetlink.IFLA_NET_NS_FD, target.fd()));
    }

    /** {@code struct ifinfomsg}: family, padding, device type, index, flags, which flags to change. */
    static void ifinfomsg(MessageWriter writer, int index, int flags, int change) {
        writer.u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
    }

    static void checkName(String name) {
        boolean fit = !name.isEmpty()
                && name.getBytes(UTF_8).length <= LONGEST_NAME
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == ':' || c == '%' || c <= ' ');
        if (!fit) {
            throw new IllegalArgumentException("'" + name + "' is no name for an interface");
        }
    }

    private static Change veth(
            String name, String peerName, int mtu, MacAddress peerMac, Optional<NetworkNamespace> peerNamespace) {
        checkName(name);
        checkName(peerName);
        Consumer<MessageWriter> peer = w -> {
            ifinfomsg(w, 0, 0, 0);
            w.attribute(Rtnetlink.IFLA_IFNAME, peerName)
                    .attribute(Rtnetlink.IFLA_MTU, mtu)
                    .attribute(Rtnetlink.IFLA_ADDRESS, peerMac.bytes());
            peerNamespace.ifPresent(namespace -> w.attribute(Rtnetlink.IFLA_NET_NS_FD, namespace.fd()));
        };
        Consumer<MessageWriter> kind = w -> w.attribute(Rtnetlink.IFLA_INFO_KIND, "veth")
                .nested(Rtnetlink.IFLA_INFO_DATA, data -> data.nested(Rtnetlink.VETH_INFO_PEER, peer));
        return link(
                "create veth",
                name + " with " + peerName,
                Rtnetlink.RTM_NEWLINK,
                0,
                CREATE,
                w -> w.attribute(Rtnetlink.IFLA_IFNAME, name)
                        .attribute(Rtnetlink.IFLA_MTU, mtu)
                        .nested(Rtnetlink.IFLA_LINKINFO, kind));
    }

    private static Change setLink(String operation, Link link, Consumer<MessageWriter> attributes) {
        return setLink(operation, link, 0, 0, attributes);
    }

    private static Change setLink(String operation, Link link, int up, int change, Consumer<MessageWriter> attributes) {
        return new Change(new Request(operation, link.name(), Rtnetlink.RTM_SETLINK, 0, w -> {
            ifinfomsg(w, link.index(), up, change);
            attributes.accept(w);
        }));
    }

    private static Change link(
            String operation, String subject, int type, int index, int flags, Consumer<MessageWriter> attributes) {
        return new Change(new Request(operation, subject, type, flags, w -> {
            ifinfomsg(w, index, 0, 0);
            attributes.accept(w);
        }));
    }

    private static Change address(String operation, Link link, InterfaceAddress address, int type, int flags) {
        byte[] ip = address.ip().bytes();
        boolean v4 = ip.length == 4;
        return new Change(new Request(operation, address + " on " + link.name(), type, flags, w -> {
            // struct ifaddrmsg: family, prefix length, flags, scope, index
            w.u8(family(address.ip()))
                    .u8(address.prefixLength())
                    .u8(v4 ? 0 : Rtnetlink.IFA_F_NODAD)
                    .u8(Rtnetlink.RT_SCOPE_UNIVERSE)
                    .u32(link.index())
                    .attribute(Rtnetlink.IFA_LOCAL, ip)
                    .attribute(Rtnetlink.IFA_ADDRESS, ip);
            if (v4 && address.prefixLength() < 31) {
                w.attribute(Rtnetlink.IFA_BROADCAST, broadcast(address));
            }
        }));
    }

    private static Change route(String operation, Link link, Route route, int type, int flags) {
        boolean v4Link = route.gateway().isEmpty()
                && route.destination().family() == IpAddress.Family.IPV4
                && type == Rtnetlink.RTM_NEWROUTE;
        return new Change(new Request(operation, route + " on " + link.name(), type, flags, w -> {
            // struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags
            w.u8(family(route.destination().network()))
                    .u8(route.destination().prefixLength())
                    .u8(0)
                    .u8(0)
                    .u8(Rtnetlink.RT_TABLE_MAIN)
                    .u8(type == Rtnetlink.RTM_NEWROUTE ? Rtnetlink.RTPROT_STATIC : 0)
                    .u8(scope(type, v4Link))
                    .u8(Rtnetlink.RTN_UNICAST)
                    .u32(route.onlink() ? Rtnetlink.RTNH_F_ONLINK : 0)
                    .attribute(Rtnetlink.RTA_OIF, link.index());
            if (route.destination().prefixLength() > 0) {
                w.attribute(Rtnetlink.RTA_DST, route.destination().network().bytes());
            }
            route.gateway().ifPresent(gateway -> w.attribute(Rtnetlink.RTA_GATEWAY, gateway.bytes()));
        }));
    }

    private static int scope(int type, boolean v4Link) {
        if (type == Rtnetlink.RTM_DELROUTE) {
            return Rtnetlink.RT_SCOPE_NOWHERE;
        }
        return v4Link ? Rtnetlink.RT_SCOPE_LINK : Rtnetlink.RT_SCOPE_UNIVERSE;
    }

    private static int family(IpAddress address) {
        return switch (address.family()) {
            case IPV4 -> Libc.AF_INET;
            case IPV6 -> Libc.AF_INET6;
        };
    }

    private static byte[] broadcast(InterfaceAddress address) {
        byte[] bytes = Arrays.copyOf(address.ip().bytes(), 4);
        for (int bit = address.prefixLength(); bit < 32; bit++) {
            bytes[bit / 8] |= (byte) (0x80 >>> bit % 8);
        }
        return bytes;
    }
}
