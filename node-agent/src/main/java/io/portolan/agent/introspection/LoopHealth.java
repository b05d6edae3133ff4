package io.portolan.agent.introspection;

import io.portolan.agent.cni.CniService;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.security.PodSecurity;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** DOWN while a loop is stuck, with its name. A restart cures that, and pods that run notice nothing of one. */
@Component("loops")
final class LoopHealth implements HealthIndicator {
    private final ControlPlane control;
    private final CniService cni;
    private final PodSecurity security;

    LoopHealth(ControlPlane control, CniService cni, PodSecurity security) {
        this.control = control;
        this.cni = cni;
        this.security = security;
    }

    @Override
    public Health health() {
        List<String> stuck = Stream.of(control.stuck().stream(), cni.stuck().stream(), security.stuck().stream())
                .flatMap(each -> each)
                .toList();
        return stuck.isEmpty()
                ? Health.up().build()
                : Health.down().withDetail("stuck", stuck).build();
    }
}
