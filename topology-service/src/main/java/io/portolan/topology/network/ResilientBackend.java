package io.portolan.topology.network;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.SwitchSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A backend whose every call is guarded, the opening of it included. A network that says when it may be asked again is not
 * asked before.
 */
final class ResilientBackend implements SdnBackend, SdnTopology, SdnPorts, SdnGateways, SdnFloatingIps {
    private final Supplier<SdnBackend> opener;
    private final Guard guard;
    private @Nullable SdnBackend opened;
    private boolean closed;
    private volatile Instant notBefore = Instant.MIN;

    ResilientBackend(Supplier<SdnBackend> opener, Guard guard) {
        this.opener = opener;
        this.guard = guard;
    }

    private void refuseBefore() {
        Instant until = notBefore;
        Instant now = Instant.now();
        if (now.isBefore(until)) {
            Duration left = Duration.between(now, until);
            throw new Unavailable(
                    "the network asked to be left alone for %d s more".formatted(Math.max(1, left.toSeconds())), left);
        }
    }

    private synchronized SdnBackend opened() {
        SdnBackend now = opened;
        if (closed) {
            throw new Unavailable("this connection was closed");
        }
        if (now == null) {
            now = opener.get();
            opened = now;
        }
        return now;
    }

    private <T> T ask(Function<SdnBackend, T> question) {
        refuseBefore();
        try {
            return guard.call(() -> question.apply(opened()));
        } catch (Unavailable e) {
            e.retryAfter().ifPresent(wait -> notBefore = Instant.now().plus(wait));
            throw e;
        }
    }

    private void tell(java.util.function.Consumer<SdnBackend> order) {
        ask(sdn -> {
            order.accept(sdn);
            return true;
        });
    }

    @Override
    public SdnTopology topology() {
        return this;
    }

    @Override
    public SdnPorts ports() {
        return this;
    }

    @Override
    public SdnGateways gateways() {
        return this;
    }

    @Override
    public SdnFloatingIps floatingIps() {
        return this;
    }

    @Override
    public Optional<PortSpec.Nesting.Way> nesting() {
        return ask(SdnBackend::nesting);
    }

    @Override
    public int bulk() {
        return opened().ports().bulk();
    }

    @Override
    public void check() {
        tell(SdnBackend::check);
    }

    @Override
    public Router ensureRouter(RouterSpec spec) {
        return ask(sdn -> sdn.topology().ensureRouter(spec));
    }

    @Override
    public Router adoptRouter(String routerId, RouterSpec spec) {
        return ask(sdn -> sdn.topology().adoptRouter(routerId, spec));
    }

    @Override
    public Optional<Router> ownRouter() {
        return ask(sdn -> sdn.topology().ownRouter());
    }

    @Override
    public void deleteRouter() {
        tell(sdn -> sdn.topology().deleteRouter());
    }

    @Override
    public Ensured ensureSwitch(SwitchSpec spec) {
        return ask(sdn -> sdn.topology().ensureSwitch(spec));
    }

    @Override
    public Set<NodeId> ownSwitches() {
        return ask(sdn -> sdn.topology().ownSwitches());
    }

    @Override
    public void deleteSwitch(NodeId node) {
        tell(sdn -> sdn.topology().deleteSwitch(node));
    }

    @Override
    public List<SdnPort> list(NodeId node) {
        return ask(sdn -> sdn.ports().list(node));
    }

    @Override
    public List<SdnPort> ensure(NodeId node, Collection<PortSpec> ports) {
        List<SdnPort> made = ask(sdn -> sdn.ports().ensure(node, ports));
        CloudPace pace = guard.pace();
        if (pace != null) {
            pace.eased();
        }
        return made;
    }

    @Override
    public void delete(NodeId node, Collection<PortId> ports) {
        tell(sdn -> sdn.ports().delete(node, ports));
    }

    @Override
    public List<IpAddress> ensureGateway(GatewaySpec spec) {
        return ask(sdn -> sdn.gateways().ensureGateway(spec));
    }

    @Override
    public boolean hasGateway() {
        return ask(sdn -> sdn.gateways().hasGateway());
    }

    @Override
    public void deleteGateway() {
        tell(sdn -> sdn.gateways().deleteGateway());
    }

    @Override
    public List<FloatingIp> ownFloatingIps() {
        return ask(sdn -> sdn.floatingIps().ownFloatingIps());
    }

    @Override
    public IpAddress ensureFloatingIp(FloatingIpSpec spec) {
        return ask(sdn -> sdn.floatingIps().ensureFloatingIp(spec));
    }

    @Override
    public void deleteFloatingIp(FloatingIpId id) {
        tell(sdn -> sdn.floatingIps().deleteFloatingIp(id));
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }
}
