package io.portolan.ipam.upkeep;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param interval between two rounds
 * @param retention how long history is kept; whole months go, once they are older
 */
@ConfigurationProperties(prefix = "portolan.ipam.upkeep", ignoreUnknownFields = false)
record UpkeepProperties(
        @DefaultValue("5s") Duration interval,
        @DefaultValue("400d") Duration retention) {}
