package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Comparator;

/**
 * An IPv4 or IPv6 address as a 128-bit number. Parses only the canonical dotted quad (no leading zeros, no short forms)
 * and RFC 4291 text; prints RFC 5952.
 *
 * @param high the upper 64 bits; 0 for IPv4
 * @param low the lower 64 bits; for IPv4 the address in the lowest 32
 */
public record IpAddress(Family family, long high, long low) implements Comparable<IpAddress> {
    /** IP versions with their width in bits. */
    public enum Family {
        IPV4(32),
        IPV6(128);

        private final int bits;

        Family(int bits) {
            this.bits = bits;
        }

        public int bits() {
            return bits;
        }
    }

    private static final Comparator<IpAddress> ORDER = Comparator.comparing(IpAddress::family)
            .thenComparing(IpAddress::high, Long::compareUnsigned)
            .thenComparing(IpAddress::low, Long::compareUnsigned);

    public IpAddress {
        if (family == Family.IPV4 && (high != 0 || low >>> 32 != 0)) {
            throw new Malformed("an IPv4 address has 32 bits");
        }
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static IpAddress parse(String text) {
        return text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
    }

    public static IpAddress of(byte[] bytes) {
        return switch (bytes.length) {
            case 4 -> new IpAddress(Family.IPV4, 0, number(bytes, 0, 4));
            case 16 -> new IpAddress(Family.IPV6, number(bytes, 0, 8), number(bytes, 8, 16));
            default -> throw new Malformed("an address has 4 or 16 bytes, not " + bytes.length);
        };
    }

    private static IpAddress parseV4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            throw Malformed.text("an IP address", text, "an IPv4 address has four parts");
        }
        long value = 0;
        for (String part : parts) {
            int octet = octet(part);
            if (octet > 255) {
                throw Malformed.text("an IP address", text, "'" + part + "' is not a number from 0 to 255");
            }
            value = (value << 8) | octet;
        }
        return new IpAddress(Family.IPV4, 0, value);
    }

    /** More than 255 for what is no octet. By hand: millions of addresses are read, and a regular expression is dear. */
    private static int octet(String part) {
        int length = part.length();
        if (length == 0 || length > 3 || (length > 1 && part.charAt(0) == '0')) {
            return Integer.MAX_VALUE;
        }
        int value = 0;
        for (int i = 0; i < length; i++) {
            char c = part.charAt(i);
            if (c < '0' || c > '9') {
                return Integer.MAX_VALUE;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    private static IpAddress parseV6(String text) {
        if (!text.matches("[0-9a-fA-F:.]{2,45}")) {
            throw Malformed.text("an IP address", text, "not IPv6 text");
        }
        try {
            byte[] bytes = InetAddress.getByName(text).getAddress();
            if (bytes.length != 16) {
                throw Malformed.text("an IP address", text, "write an IPv4 address as a dotted quad");
            }
            return of(bytes);
        } catch (UnknownHostException e) {
            throw Malformed.text("an IP address", text, "not IPv6 text");
        }
    }

    private static long number(byte[] bytes, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            value = (value << 8) | (bytes[i] & 0xff);
        }
        return value;
    }

    public byte[] bytes() {
        byte[] all = new byte[16];
        for (int i = 0; i < 8; i++) {
            all[i] = (byte) (high >>> (56 - 8 * i));
            all[8 + i] = (byte) (low >>> (56 - 8 * i));
        }
        return family == Family.IPV4 ? Arrays.copyOfRange(all, 12, 16) : all;
    }

    /** The address {@code n} further on; {@link Malformed} beyond the family's last one. */
    public IpAddress plus(long n) {
        long sum = low + n;
        boolean wrapped = n >= 0 ? Long.compareUnsigned(sum, low) < 0 : Long.compareUnsigned(sum, low) > 0;
        long carry = wrapped ? Long.signum(n) : 0;
        boolean outside = family == Family.IPV4 ? sum >>> 32 != 0 : wrapped && high == (carry > 0 ? -1L : 0L);
        if (outside) {
            throw new Malformed("%s + %d is beyond the last address".formatted(this, n));
        }
        return new IpAddress(family, family == Family.IPV4 ? 0 : high + carry, sum);
    }

    /** This address with all but the first {@code prefixLength} bits cleared. */
    IpAddress masked(int prefixLength) {
        int bit = prefixLength + 128 - family.bits();
        long highMask = bit >= 64 ? -1L : bit == 0 ? 0 : -1L << (64 - bit);
        long lowMask = bit <= 64 ? 0 : -1L << (128 - bit);
        return new IpAddress(family, high & highMask, low & lowMask);
    }

    @Override
    public int compareTo(IpAddress other) {
        return ORDER.compare(this, other);
    }

    @JsonValue
    @Override
    public String toString() {
        if (family == Family.IPV4) {
            return ((low >>> 24) & 255) + "." + ((low >>> 16) & 255) + "." + ((low >>> 8) & 255) + "." + (low & 255);
        }
        int[] groups = new int[8];
        for (int i = 0; i < 4; i++) {
            groups[i] = (int) (high >>> (48 - 16 * i)) & 0xffff;
            groups[4 + i] = (int) (low >>> (48 - 16 * i)) & 0xffff;
        }
        int start = -1;
        int length = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                start = i;
                length = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
