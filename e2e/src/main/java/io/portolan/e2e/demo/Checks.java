package io.portolan.e2e.demo;

import io.portolan.testbed.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/** What the demo claims, and whether it held. A check that throws has not held, and says so in the exception's words. */
final class Checks {
    /** @param said what was seen, for a person */
    record Check(String name, boolean ok, double ms, String said) {}

    /** What a check found. */
    record Finding(boolean ok, String said) {}

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final List<Check> all = new ArrayList<>();
    private final Screen screen;

    Checks(Screen screen) {
        this.screen = screen;
    }

    Check check(String name, Callable<Finding> look) {
        long start = System.nanoTime();
        Finding finding;
        try {
            finding = look.call();
        } catch (Exception e) {
            finding = new Finding(false, e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        return add(new Check(name, finding.ok(), (System.nanoTime() - start) / 1e6, finding.said()));
    }

    /** Whether it has come to hold, with the demo's patience. */
    static boolean eventually(BooleanSupplier holds) {
        return Waiting.until(PATIENCE, holds);
    }

    Check add(Check check) {
        all.add(check);
        screen.check(check);
        return check;
    }

    boolean allHold() {
        return !all.isEmpty() && all.stream().allMatch(Check::ok);
    }

    List<Check> all() {
        return List.copyOf(all);
    }
}
