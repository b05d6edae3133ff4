package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A block of addresses in canonical form: the bits behind the prefix are zero. */
public record Cidr(IpAddress network, int prefixLength) implements Comparable<Cidr> {
    public Cidr {
        int bits = network.family().bits();
        if (prefixLength < 0 || prefixLength > bits) {
            throw new Malformed("prefix length %d is not between 0 and %d".formatted(prefixLength, bits));
        }
        IpAddress canonical = network.masked(prefixLength);
        if (!canonical.equals(network)) {
            throw new Malformed("%s/%d has bits behind its prefix: write %s/%d"
                    .formatted(network, prefixLength, canonical, prefixLength));
        }
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("0|[1-9][0-9]{0,2}")) {
            throw Malformed.text("a CIDR", text, "write ADDRESS/PREFIXLENGTH");
        }
        return new Cidr(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    /** The block of this length that holds the address. */
    public static Cidr around(IpAddress address, int prefixLength) {
        return new Cidr(address.masked(prefixLength), prefixLength);
    }

    public IpAddress.Family family() {
        return network.family();
    }

    public boolean contains(IpAddress address) {
        return address.family() == family() && address.masked(prefixLength).equals(network);
    }

    public boolean contains(Cidr other) {
        return other.prefixLength >= prefixLength && contains(other.network);
    }

    public boolean overlaps(Cidr other) {
        return contains(other.network) || other.contains(network);
    }

    /** How many addresses; {@link Long#MAX_VALUE} where there are more. */
    public long size() {
        int free = family().bits() - prefixLength;
        return free > 62 ? Long.MAX_VALUE : 1L << free;
    }

    /** The address at this distance from the network address; negative counts back from the end: -1 is the last. */
    public IpAddress address(long offset) {
        long size = size();
        if (offset >= size || offset < -size || (offset < 0 && size == Long.MAX_VALUE)) {
            throw new Malformed("%s has no address %d".formatted(this, offset));
        }
        return network.plus(offset >= 0 ? offset : size + offset);
    }

    @Override
    public int compareTo(Cidr other) {
        int byNetwork = network.compareTo(other.network);
        return byNetwork != 0 ? byNetwork : Integer.compare(prefixLength, other.prefixLength);
    }

    @JsonValue
    @Override
    public String toString() {
        return network + "/" + prefixLength;
    }
}
