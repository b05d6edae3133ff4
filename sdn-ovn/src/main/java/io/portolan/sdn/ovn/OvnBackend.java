package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.SdnDirectory;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnTopology;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One cluster in a northbound database. */
final class OvnBackend implements SdnBackend {
    private final Northbound northbound;
    private final SdnTopology topology;
    private final SdnPorts ports;
    private final SdnLoadBalancers loadBalancers;
    private final SdnDirectory directory;
    private final SdnGateways gateways;
    private final SdnFloatingIps floatingIps;
    private final SdnSecurity security;
    private final @Nullable OvnBindings bindings;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    OvnBackend(ClusterId cluster, Northbound northbound, @Nullable OvnBindings bindings, Runnable onClose) {
        this.bindings = bindings;
        this.northbound = northbound;
        this.onClose = onClose;
        Mark mark = new Mark(cluster);
        NodeRows rows = new NodeRows(northbound, mark);
        Routers routers = new Routers(northbound, mark);
        BalancerGroups groups = new BalancerGroups(northbound, mark);
        ProfileRows profiles = new ProfileRows(northbound, mark);
        PolicyGroups policies = new PolicyGroups(
                northbound, mark, new PolicyRows(northbound, mark), new IdlePairs(Duration.ofMinutes(1)));
        this.topology = new OvnTopology(
                routers, new Switches(northbound, mark, rows, routers, groups), groups, profiles, policies);
        this.loadBalancers = new OvnLoadBalancers(northbound, mark, groups);
        this.directory = new OvnDirectory(northbound, mark, routers);
        this.security = new OvnSecurity(
                northbound,
                mark,
                profiles,
                policies,
                new Closures(northbound, mark),
                new Memberships(northbound, mark, profiles));
        this.gateways = new OvnGateways(northbound, mark, routers, groups, new GatewayRows(northbound, mark));
        this.floatingIps = new OvnFloatingIps(northbound, mark);
        this.ports = new OvnPorts(northbound, mark, rows);
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
    public Optional<PortSpec.Nesting.Way> nesting() {
        return Optional.empty();
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
        return floatingIps;
    }

    @Override
    public SdnSecurity security() {
        return security;
    }

    @Override
    public SdnBindings bindings() {
        if (bindings == null) {
            throw new SdnFailure.Refused(
                    SdnFailure.Refused.Reason.NOT_SUPPORTED,
                    "the cluster does not say where OVN's southbound database is (backend.southbound)");
        }
        return bindings;
    }

    @Override
    public void check() {
        northbound.check();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.run();
        }
    }
}
