package io.portolan.e2e.demo;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Looks again and again, with a pause between two looks: what it waits for is another process's doing and sends no word. */
final class Waiting {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private Waiting() {}

    /** Whether it has come to hold, with the demo's patience. */
    static boolean eventually(BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(PAUSE);
        }
        return true;
    }
}
