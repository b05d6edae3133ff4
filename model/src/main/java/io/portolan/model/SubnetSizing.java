package io.portolan.model;

import static java.lang.Math.ceilDiv;

/**
 * How large a subnet a node of a given size gets.
 *
 * <p>{@code pods = clamp(min(maxPods, cpus·podsPerCpu, memoryGiB·podsPerGiB), minPods, maxPods)} and the prefix is the
 * longest that holds those and the three reserved addresses: network, gateway, broadcast.
 */
public record SubnetSizing(int podsPerCpu, int podsPerGiB, int minPods, int maxPods) {
    /** Kubernetes's own advice is at most ten pods a core and 110 a node. */
    public static final SubnetSizing DEFAULT = new SubnetSizing(10, 10, 5, 250);

    /** Network, gateway and broadcast address. */
    public static final int RESERVED = 3;

    public SubnetSizing {
        positive("podsPerCpu", podsPerCpu, 1_000);
        positive("podsPerGiB", podsPerGiB, 1_000);
        positive("minPods", minPods, 4_000);
        positive("maxPods", maxPods, 4_000);
        if (minPods > maxPods) {
            throw new Malformed("minPods (%d) is more than maxPods (%d)".formatted(minPods, maxPods));
        }
    }

    private static void positive(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new Malformed("%s is between 1 and %d, not %d".formatted(name, most, value));
        }
    }

    public int pods(int cpus, int memoryMiB, int nodeMaxPods) {
        long byMemory = ceilDiv((long) memoryMiB * podsPerGiB, 1024);
        long wanted = Math.min(nodeMaxPods, Math.min((long) cpus * podsPerCpu, byMemory));
        return Math.clamp(wanted, minPods, maxPods);
    }

    public int prefixLength(int cpus, int memoryMiB, int nodeMaxPods) {
        return prefixLength(pods(cpus, memoryMiB, nodeMaxPods));
    }

    /** The longest prefix that has room for so many pods. */
    public static int prefixLength(int pods) {
        int addresses = pods + RESERVED;
        return 32 - (32 - Integer.numberOfLeadingZeros(addresses - 1));
    }
}
