package io.portolan.topology.node;

import io.portolan.model.IpAddress;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortView;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnPort;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A node's ports in the ledger beside those in the network.
 *
 * <p>A port inside a VM is up when the network says so, some time after it was made: one that is as it should be needs no
 * further call, only a look. Other ports are up when they are made.
 */
final class PortSurvey {
    private final List<PortView> ports;
    private final Map<PortId, SdnPort> inNetwork;
    private final Function<PortView, PortSpec> spec;

    PortSurvey(List<PortView> ports, Map<PortId, SdnPort> inNetwork, Function<PortView, PortSpec> spec) {
        this.ports = ports;
        this.inNetwork = inNetwork;
        this.spec = spec;
    }

    /** Free, and not to be had: missing, changed, faulty, or off the air. */
    List<PortView> astray() {
        return ports.stream()
                .filter(p -> p.state() == PortState.FREE && !isUp(p))
                .toList();
    }

    /** Those of {@link #astray()} that the network has lost or changed. */
    int lost() {
        return (int) astray().stream().filter(p -> !isRight(p)).count();
    }

    /** Were being made, and are. */
    List<PortView> up() {
        return ports.stream()
                .filter(p -> p.state() == PortState.PROVISIONING && isNested(p) && isUp(p))
                .toList();
    }

    List<PortView> notUp() {
        return ports.stream()
                .filter(p -> p.state() == PortState.PROVISIONING && isNested(p) && isRight(p) && !isUp(p))
                .toList();
    }

    List<PortView> toMake() {
        return ports.stream().filter(this::isToMake).toList();
    }

    private boolean isToMake(PortView port) {
        return switch (port.state()) {
            case PLANNED -> true;
            case PROVISIONING -> !isNested(port) || !isRight(port);
            case FREE, LEASED, BOUND, COOLING -> !isRight(port);
            case DRAINING, FAILED -> false;
        };
    }

    @Nullable SdnPort found(PortView port) {
        return inNetwork.get(port.id());
    }

    private boolean isNested(PortView port) {
        return spec.apply(port).nesting() != null;
    }

    private boolean isUp(PortView port) {
        SdnPort found = found(port);
        return found != null && found.ready() && isRight(port);
    }

    private boolean isRight(PortView port) {
        SdnPort found = found(port);
        return found != null
                && found.fault() == null
                && found.mac().equals(port.mac())
                && found.addresses().equals(addresses(port))
                && Objects.equals(found.nesting(), spec.apply(port).nesting())
                && (port.backendId() == null || port.backendId().equals(found.backendId()));
    }

    static List<IpAddress> addresses(PortView port) {
        return port.addresses().stream().map(PortAddress::address).toList();
    }
}
