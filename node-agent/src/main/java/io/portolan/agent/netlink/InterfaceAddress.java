package io.portolan.agent.netlink;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/** An address on an interface together with the length of its subnet's prefix. */
public record InterfaceAddress(IpAddress ip, int prefixLength) {
    /** Length of {@code struct ifaddrmsg}. */
    private static final int HEADER = 8;

    public InterfaceAddress {
        Cidr.around(ip, prefixLength);
    }

    /** The block that the address makes reachable. */
    public Cidr subnet() {
        return Cidr.around(ip, prefixLength);
    }

    static int linkIndex(ByteBuffer message) {
        return message.getInt(4);
    }

    static Optional<InterfaceAddress> read(ByteBuffer message) {
        Attributes attributes = Attributes.of(message, HEADER);
        // IPv4 tells its own address as LOCAL and, on a point-to-point link, the other side's as ADDRESS.
        return attributes
                .bytes(Rtnetlink.IFA_LOCAL)
                .or(() -> attributes.bytes(Rtnetlink.IFA_ADDRESS))
                .map(ip -> new InterfaceAddress(IpAddress.of(ip), Byte.toUnsignedInt(message.get(1))));
    }

    @Override
    public String toString() {
        return ip + "/" + prefixLength;
    }
}
