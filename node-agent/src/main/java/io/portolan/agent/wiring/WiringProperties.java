package io.portolan.agent.wiring;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The node's switch.
 *
 * @param hostNamespace where the switch and the resting ends are
 * @param bridge the integration bridge
 * @param switchControl the control socket of {@code ovs-vswitchd}, or the directory with its pid file and that socket
 * @param readyTimeout how long a new wire may take until its flows are installed
 */
@ConfigurationProperties(prefix = "portolan.wiring", ignoreUnknownFields = false)
public record WiringProperties(
        @DefaultValue("/proc/self/ns/net") Path hostNamespace,
        @DefaultValue("br-int") String bridge,
        @DefaultValue("/run/openvswitch") Path switchControl,
        @DefaultValue("20s") Duration readyTimeout) {
    public WiringProperties {
        if (!readyTimeout.isPositive()) {
            throw new IllegalArgumentException("ready-timeout is positive");
        }
    }
}
