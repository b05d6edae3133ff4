package io.portolan.ovsdb;

import java.time.Duration;

/** A point of {@link System#nanoTime}, so that several waits share one time limit. */
record Deadline(long nanos) {

    static Deadline in(Duration timeout) {
        return new Deadline(System.nanoTime() + timeout.toNanos());
    }

    /** Nanoseconds left, never negative. */
    long left() {
        return Math.max(0, nanos - System.nanoTime());
    }
}
