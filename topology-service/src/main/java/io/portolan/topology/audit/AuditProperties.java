package io.portolan.topology.audit;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code portolan.audit.*}.
 *
 * @param period between two audits that nobody asked for
 * @param grace for what is on its way: how old a change must be, and how far apart two looks
 * @param cacheAge how long a node may be silent about its cache
 * @param patience how long an audit that is asked for waits for one that is under way
 */
@ConfigurationProperties(prefix = "portolan.audit", ignoreUnknownFields = false)
record AuditProperties(
        @DefaultValue("5m") Duration period,
        @DefaultValue("5s") Duration grace,
        @DefaultValue("60s") Duration cacheAge,
        @DefaultValue("90s") Duration patience) {
    AuditProperties {
        if (List.of(period, grace, cacheAge, patience).stream().anyMatch(time -> !time.isPositive())) {
            throw new IllegalArgumentException("the times of portolan.audit are above zero");
        }
    }
}
