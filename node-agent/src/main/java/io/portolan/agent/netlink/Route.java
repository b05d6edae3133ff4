package io.portolan.agent.netlink;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A unicast route of the main table through one interface.
 *
 * @param gateway empty when the destination is on the link itself
 * @param onlink whether the gateway is to be taken for reachable although no address on the interface covers it
 */
public record Route(Cidr destination, Optional<IpAddress> gateway, boolean onlink) {
    /** Length of {@code struct rtmsg}. */
    private static final int HEADER = 12;

    public Route {
        if (gateway.isPresent() && gateway.get().family() != destination.family()) {
            throw new IllegalArgumentException("%s cannot go through %s".formatted(destination, gateway.get()));
        }
    }

    public static Route via(Cidr destination, IpAddress gateway) {
        return new Route(destination, Optional.of(gateway), false);
    }

    /** To everything of the gateway's family. */
    public static Route defaultVia(IpAddress gateway) {
        return via(Cidr.around(gateway, 0), gateway);
    }

    public static Route onLink(Cidr destination) {
        return new Route(destination, Optional.empty(), false);
    }

    /** The same route through a gateway that no address on the interface covers. */
    public Route withGatewayOnlink() {
        return new Route(destination, gateway, true);
    }

    /** Empty for what is no unicast route of the main table, or leads through several interfaces. */
    static Optional<Read> read(ByteBuffer message) {
        int prefixLength = Byte.toUnsignedInt(message.get(1));
        int family = Byte.toUnsignedInt(message.get(0));
        int type = Byte.toUnsignedInt(message.get(7));
        Attributes attributes = Attributes.of(message, HEADER);
        int table = attributes.u32(Rtnetlink.RTA_TABLE, Byte.toUnsignedInt(message.get(4)));
        int link = attributes.u32(Rtnetlink.RTA_OIF, 0);
        boolean ip = family == Libc.AF_INET || family == Libc.AF_INET6;
        if (!ip || type != Rtnetlink.RTN_UNICAST || table != Rtnetlink.RT_TABLE_MAIN || link == 0) {
            return Optional.empty();
        }
        byte[] destination =
                attributes.bytes(Rtnetlink.RTA_DST).orElseGet(() -> new byte[family == Libc.AF_INET ? 4 : 16]);
        Route route = new Route(
                new Cidr(IpAddress.of(destination), prefixLength),
                attributes.bytes(Rtnetlink.RTA_GATEWAY).map(IpAddress::of),
                (message.getInt(8) & Rtnetlink.RTNH_F_ONLINK) != 0);
        return Optional.of(new Read(link, Byte.toUnsignedInt(message.get(5)) == Rtnetlink.RTPROT_KERNEL, route));
    }

    /**
     * A route as the kernel tells it.
     *
     * @param kernels whether the kernel made it by itself, to go along with an address
     */
    record Read(int link, boolean kernels, Route route) {}

    @Override
    public String toString() {
        return destination + gateway.map(ip -> " via " + ip).orElse("") + (onlink ? " onlink" : "");
    }
}
