package io.portolan.sdn;

import java.util.Optional;

/** One cluster's network. Safe for use by many threads; closing it lets go of its connections and changes nothing. */
public interface SdnBackend extends AutoCloseable {
    SdnTopology topology();

    SdnPorts ports();

    /**
     * How this network takes ports into VMs, by what it is capable of; empty where pods' ports are not nested. The answer
     * for a cluster is asked once and kept, because its ports cannot change it.
     */
    Optional<PortSpec.Nesting.Way> nesting();

    /** Refuses where this network has no load balancers. */
    default SdnLoadBalancers loadBalancers() {
        throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network has no load balancers");
    }

    /** Refuses where this network cannot be asked who is on it. */
    default SdnDirectory directory() {
        throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network has no directory");
    }

    /** Refuses where this network's routers have no way outside that is ours to make. */
    default SdnGateways gateways() {
        throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network has no gateways");
    }

    /** Refuses where this network has no floating addresses. */
    default SdnFloatingIps floatingIps() {
        throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network has no floating addresses");
    }

    /** Refuses where this network has no security profiles. */
    default SdnSecurity security() {
        throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network has no security profiles");
    }

    /** Refuses where this network cannot be asked where its ports are. */
    default SdnBindings bindings() {
        throw new SdnFailure.Refused(
                SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network cannot be asked where its ports are bound");
    }

    /** Throws {@link SdnFailure} where the network cannot be reached or does not let us in. */
    void check();

    @Override
    void close();
}
