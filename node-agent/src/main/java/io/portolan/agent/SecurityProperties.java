package io.portolan.agent;

import io.portolan.agent.security.SecuritySettings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Security profiles: where they come from, and how long things may take.
 *
 * @param urls of security-service's replicas; without any, nothing is enforced here
 * @param pollEvery how often its catalogue is asked for
 * @param settle how long a port is left shut between two sets where the network does not say when it is
 * @param bindDeadline how long a pod waits until its port is in its profiles; shorter than {@code portolan.cni.add-timeout}
 * @param poolMost how many free ports may wait in a set that was learned
 * @param poolHalfLife after what time half of a set's use is forgotten
 */
public record SecurityProperties(
        @DefaultValue List<URI> urls,
        @DefaultValue("10s") Duration pollEvery,
        @DefaultValue("1s") Duration settle,
        @DefaultValue("15s") Duration bindDeadline,
        @DefaultValue("8") int poolMost,
        @DefaultValue("10m") Duration poolHalfLife) {
    public SecurityProperties {
        urls = AgentProperties.checked("security.urls", urls);
    }

    SecuritySettings settings() {
        return new SecuritySettings(pollEvery, settle, bindDeadline, poolMost, poolHalfLife);
    }
}
