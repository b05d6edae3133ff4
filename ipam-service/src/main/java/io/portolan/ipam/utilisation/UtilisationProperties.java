package io.portolan.ipam.utilisation;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param interval between two counts of all ports for the metrics
 * @param clusters at most so many are in the metrics, the first by name
 */
@ConfigurationProperties(prefix = "portolan.ipam.utilisation", ignoreUnknownFields = false)
record UtilisationProperties(
        @DefaultValue("15s") Duration interval,
        @DefaultValue("100") int clusters) {}
