package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** A 48-bit unicast hardware address. */
public record MacAddress(long value) {
    private static final Pattern SPELLING = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
    private static final HexFormat TEXT = HexFormat.ofDelimiter(":");

    /** OVN-Kubernetes's locally administered prefix for addresses derived from IPv4. */
    private static final long DERIVED = 0x0a58_0000_0000L;

    public MacAddress {
        if (value >>> 48 != 0 || value == 0 || ((value >>> 40) & 1) == 1) {
            throw new Malformed("a port's MAC address is a unicast address of 48 bits that is not zero");
        }
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static MacAddress parse(String text) {
        if (!SPELLING.matcher(text).matches()) {
            throw Malformed.text("a MAC address", text, "write six pairs of hexadecimal digits with colons");
        }
        long value = 0;
        for (byte b : TEXT.parseHex(text)) {
            value = (value << 8) | (b & 0xff);
        }
        return new MacAddress(value);
    }

    /**
     * The MAC that belongs to an address: {@code 0a:58} and the last four bytes. One address always has one MAC, so a
     * neighbour's ARP entry stays right when the address goes from one pod to the next; within a subnet of at most 2^32
     * addresses it is unique.
     */
    public static MacAddress derivedFrom(IpAddress address) {
        return new MacAddress(DERIVED | (address.low() & 0xffff_ffffL));
    }

    public byte[] bytes() {
        byte[] bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (value >>> (40 - 8 * i));
        }
        return bytes;
    }

    @JsonValue
    @Override
    public String toString() {
        return TEXT.formatHex(bytes());
    }
}
