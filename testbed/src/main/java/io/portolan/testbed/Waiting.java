package io.portolan.testbed;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Polling with a deadline: first every 2 ms, then slower, never rarer than every 50 ms. */
public final class Waiting {
    private Waiting() {}

    /** Whether the condition held before the limit passed. */
    public static boolean until(Duration limit, BooleanSupplier condition) {
        return forValue(limit, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty())
                .isPresent();
    }

    /** The first value that was there before the limit passed. */
    public static <T> Optional<T> forValue(Duration limit, Supplier<Optional<T>> source) {
        long end = System.nanoTime() + limit.toNanos();
        long pause = 2;
        Optional<T> value = source.get();
        while (value.isEmpty() && System.nanoTime() < end) {
            pause(Duration.ofMillis(pause));
            pause = Math.min(50, pause + 1);
            value = source.get();
        }
        return value;
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while waiting", e);
        }
    }
}
