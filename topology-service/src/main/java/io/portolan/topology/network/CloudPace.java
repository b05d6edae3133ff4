package io.portolan.topology.network;

/**
 * How much of what we may ask of a cloud we ask of it now, as this replica has learnt: half as much after every call that it
 * could not take (too many requests, an error of its own, no answer in time), an eighth of the whole more after every bulk
 * that it took.
 */
final class CloudPace {
    private static final double LEAST = 1.0 / 32;
    private static final double MORE = 1.0 / 8;

    private double share = 1;

    synchronized void pressed() {
        share = Math.max(LEAST, share / 2);
    }

    synchronized void eased() {
        share = Math.min(1, share + MORE);
    }

    synchronized double share() {
        return share;
    }

    /** Never less than one. */
    int of(int most) {
        return Math.max(1, (int) Math.floor(most * share()));
    }
}
