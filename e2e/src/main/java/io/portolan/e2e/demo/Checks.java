package io.portolan.e2e.demo;

import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

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

    /** A node says every few seconds what it holds, so the first audit may come before its word. */
    void audit(RestCalls topology, String cluster) {
        screen.step("Ledger, network, bindings and nodes' caches are held against each other");
        check("audit: all four agree about every port", () -> {
            AtomicReference<JsonNode> seen = new AtomicReference<>();
            boolean clean = eventually(() -> {
                JsonNode audit =
                        topology.get("/v1/clusters/" + cluster + "/audit").body();
                seen.set(audit);
                return audit.path("clean").asBoolean()
                        && audit.path("caches").asInt() == 2
                        && audit.path("parts")
                                .valueStream()
                                .noneMatch(part -> part.path("state").asString().equals("unreadable"));
            });
            return new Finding(clean, String.valueOf(seen.get()));
        });
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
