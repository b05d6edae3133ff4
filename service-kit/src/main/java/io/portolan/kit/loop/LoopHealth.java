package io.portolan.kit.loop;

import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** DOWN while a loop is stuck, with its name and the key. A restart cures that, so it belongs to the liveness group. */
final class LoopHealth implements HealthIndicator {
    private final ObjectProvider<ReconcileLoop<?>> loops;

    LoopHealth(ObjectProvider<ReconcileLoop<?>> loops) {
        this.loops = loops;
    }

    @Override
    public Health health() {
        List<String> stuck = loops.stream().flatMap(l -> l.stuck().stream()).toList();
        return stuck.isEmpty()
                ? Health.up().build()
                : Health.down().withDetail("stuck", stuck).build();
    }
}
