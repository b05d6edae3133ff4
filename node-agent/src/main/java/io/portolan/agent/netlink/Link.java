package io.portolan.agent.netlink;

import io.portolan.model.MacAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An interface as it was when it was read.
 *
 * @param kind {@code veth}, {@code bridge}, …; empty for a device that no driver made at run time
 * @param mac empty for an interface that has none, or a zero one, such as {@code lo}
 * @param up whether it is administratively up
 * @param running whether it has a carrier: of a veth, whether its peer is up as well
 * @param peerIndex of a veth the index of the other end, in the namespace where that is; else 0
 * @param alias empty when none is set
 */
public record Link(
        int index,
        String name,
        String kind,
        Optional<MacAddress> mac,
        int mtu,
        boolean up,
        boolean running,
        int peerIndex,
        String alias) {
    /** Length of {@code struct ifinfomsg}. */
    private static final int HEADER = 16;

    static Link read(ByteBuffer message) {
        int flags = message.getInt(8);
        Attributes attributes = Attributes.of(message, HEADER);
        return new Link(
                message.getInt(4),
                attributes.text(Rtnetlink.IFLA_IFNAME),
                attributes.nested(Rtnetlink.IFLA_LINKINFO).text(Rtnetlink.IFLA_INFO_KIND),
                attributes.bytes(Rtnetlink.IFLA_ADDRESS).flatMap(Link::mac),
                attributes.u32(Rtnetlink.IFLA_MTU, 0),
                (flags & Rtnetlink.IFF_UP) != 0,
                (flags & Rtnetlink.IFF_LOWER_UP) != 0,
                attributes.u32(Rtnetlink.IFLA_LINK, 0),
                attributes.text(Rtnetlink.IFLA_IFALIAS));
    }

    private static Optional<MacAddress> mac(byte[] bytes) {
        if (bytes.length != 6 || (bytes[0] & 1) != 0) {
            return Optional.empty();
        }
        long value = 0;
        for (byte each : bytes) {
            value = value << 8 | (each & 0xff);
        }
        return value == 0 ? Optional.empty() : Optional.of(new MacAddress(value));
    }

    @Override
    public String toString() {
        return name;
    }
}
