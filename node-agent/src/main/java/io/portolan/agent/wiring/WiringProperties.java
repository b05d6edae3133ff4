package io.portolan.agent.wiring;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The node's switch.
 *
 * @param hostNamespace where the switch and the resting ends are
 * @param bridge the bridge that pods are plugged into
 * @param uplink in underlay mode the port of that bridge that leads out of the VM; see {@link #underlay}
 * @param switchControl the control socket of {@code ovs-vswitchd}, or the directory with its pid file and that socket
 * @param readyTimeout how long a new wire may take until its flows are installed
 */
@ConfigurationProperties(prefix = "portolan.wiring", ignoreUnknownFields = false)
public record WiringProperties(
        @DefaultValue("/proc/self/ns/net") Path hostNamespace,
        @DefaultValue("br-int") String bridge,
        @Nullable String uplink,
        @DefaultValue("/run/openvswitch") Path switchControl,
        @DefaultValue("20s") Duration readyTimeout) {
    static final String DEFAULT_UPLINK = "eth0";

    public WiringProperties {
        if (!readyTimeout.isPositive()) {
            throw new IllegalArgumentException("ready-timeout is positive");
        }
        if (uplink != null && uplink.isBlank()) {
            throw new IllegalArgumentException("portolan.wiring.uplink is blank");
        }
    }

    /** For a node in a VM whose vNIC is a port of the cloud. */
    public WiringProperties underlay() {
        return uplink != null
                ? this
                : new WiringProperties(hostNamespace, bridge, DEFAULT_UPLINK, switchControl, readyTimeout);
    }

    /** For a node that is a chassis of OVN, which has no uplink that pods' frames take. */
    public WiringProperties overlay() {
        if (uplink != null) {
            throw new IllegalArgumentException("portolan.wiring.uplink is for underlay mode, in which"
                    + " portolan.agent.parent-port is given as well");
        }
        return this;
    }
}
