package io.portolan.topology.ipam;

import java.net.URI;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code portolan.ipam-client.*}: where ipam-service is.
 *
 * @param timeout for a whole call
 */
@ConfigurationProperties(prefix = "portolan.ipam-client", ignoreUnknownFields = false)
record IpamProperties(
        URI url,
        @DefaultValue("2s") Duration connectTimeout,
        @DefaultValue("20s") Duration timeout) {}
