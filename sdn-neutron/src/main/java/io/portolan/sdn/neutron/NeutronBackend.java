package io.portolan.sdn.neutron;

import io.portolan.model.ClusterId;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.SdnDirectory;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.neutron.Found.Kind;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One cluster in a cloud. */
final class NeutronBackend implements SdnBackend {
    private final NeutronApi api;
    private final @Nullable Way forced;
    private final SdnTopology topology;
    private final SdnPorts ports;
    private final NeutronLoadBalancers loadBalancers;
    private final NeutronDirectory directory;
    private final NeutronGateways gateways;
    private final NeutronSecurity security;
    private final SdnBindings bindings;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    NeutronBackend(ClusterId cluster, NeutronApi api, @Nullable Way forced, Runnable onClose) {
        this.api = api;
        this.forced = forced;
        this.onClose = onClose;
        Mark mark = new Mark(cluster);
        Trunks trunks = new Trunks(api, mark);
        Routers routers = new Routers(api, mark);
        ServicesNetwork services = new ServicesNetwork(api, mark);
        this.bindings = new NeutronBindings(api, mark);
        this.directory = new NeutronDirectory(api, mark);
        this.gateways = new NeutronGateways(api, mark);
        this.loadBalancers = new NeutronLoadBalancers(api, mark, services, directory, Patience.standard());
        Closing closing = new Closing(api, mark);
        this.security = new NeutronSecurity(api, mark, closing, services, new Narrowing(api, mark, services));
        this.topology = new NeutronTopology(
                routers, services, new Switches(api, mark, routers, new Gateways(api, mark), trunks), security);
        this.ports =
                new NeutronPorts(api, mark, trunks, new PortMaking(api, mark, closing), new Deletions(api, trunks));
    }

    @Override
    public SdnTopology topology() {
        return topology;
    }

    @Override
    public SdnPorts ports() {
        return ports;
    }

    @Override
    public SdnLoadBalancers loadBalancers() {
        return loadBalancers;
    }

    @Override
    public SdnDirectory directory() {
        return directory;
    }

    @Override
    public SdnGateways gateways() {
        return gateways;
    }

    @Override
    public SdnFloatingIps floatingIps() {
        return gateways;
    }

    @Override
    public SdnSecurity security() {
        return security;
    }

    @Override
    public SdnBindings bindings() {
        return bindings;
    }

    @Override
    public Optional<Way> nesting() {
        if (forced != null) {
            return Optional.of(forced);
        }
        return Optional.of(api.has("trunk") ? Way.TRUNK : Way.BINDING_PROFILE);
    }

    /** Cheap, and only somebody who is let in gets an answer. */
    @Override
    public void check() {
        api.list(Kind.NETWORK, Query.by("id", api.project()));
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.run();
        }
    }
}
