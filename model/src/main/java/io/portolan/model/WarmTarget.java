package io.portolan.model;

/**
 * How many ports a node keeps for its pods, {@code B·ceil((headroom + used)/B)}; pods that are scheduled to it and have no
 * port yet count as headroom, and as more than that where they are more.
 *
 * @param batch ports a claim, B
 * @param headroom beyond those in use
 */
public record WarmTarget(int batch, int headroom) {
    public WarmTarget {
        if (batch < 1 || headroom < 0) {
            throw new Malformed("a batch has a port at least and headroom is not negative");
        }
    }

    /** Without which pods may come to wait. */
    public int needed(int used, int pending) {
        return used + Math.max(headroom, pending);
    }

    /** The same in whole batches. */
    public int target(int used, int pending) {
        return batch * Math.ceilDiv(needed(used, pending), batch);
    }
}
