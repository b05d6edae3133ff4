package io.portolan.kit.access;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How often one caller may ask. A node whose pods come and go all the time asks a few times a second.
 *
 * @param node one node's agent: 100 a second, 500 at once
 * @param service another service, all of its replicas together: 2,000 and 8,000
 * @param person anybody else with a token: 200 and 1,000
 * @param stranger one address from which no token comes that counts: 20 and 100
 */
@ConfigurationProperties(prefix = "portolan.limits", ignoreUnknownFields = false)
record LimitsProperties(
        @DefaultValue Rate node,
        @DefaultValue Rate service,
        @DefaultValue Rate person,
        @DefaultValue Rate stranger) {
    LimitsProperties {
        node = node.or(100, 500);
        service = service.or(2_000, 8_000);
        person = person.or(200, 1_000);
        stranger = stranger.or(20, 100);
    }

    /**
     * How fast a bucket fills, and how much is in it at most.
     *
     * @param perSecond 0 is no limit
     */
    record Rate(@Nullable Double perSecond, @Nullable Integer burst) {
        Rate {
            if ((perSecond != null && perSecond < 0) || (burst != null && burst < 1)) {
                throw new AccessMisconfigured(
                        "portolan.limits: per-second is 0 (no limit) or more, burst 1 or more", "Correct them.");
            }
        }

        private Rate or(double otherPerSecond, int otherBurst) {
            return new Rate(
                    Objects.requireNonNullElse(perSecond, otherPerSecond),
                    Objects.requireNonNullElse(burst, otherBurst));
        }

        @Override
        public Double perSecond() {
            return Objects.requireNonNull(perSecond);
        }

        @Override
        public Integer burst() {
            return Objects.requireNonNull(burst);
        }
    }
}
