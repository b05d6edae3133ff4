package io.portolan.lb.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a cluster's Services become load balancers. What is left out has a default.
 *
 * @param loadBalancerClass Services of this {@code loadBalancerClass} are ours
 * @param unclassed Services of type LoadBalancer without a class are ours, too
 * @param clusterAddressesOutside the gateway serves cluster addresses
 * @param nodePortCidrs of nodes' addresses, those that have node ports
 * @param nodePortAddresses further addresses with node ports, which the gateway serves to the outside
 * @param externalCidrs addresses for Services of type LoadBalancer, all of them usable
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LoadBalancingSpec(
        Kubernetes kubernetes,
        @Nullable String loadBalancerClass,
        @Nullable Boolean unclassed,
        @Nullable Boolean clusterAddressesOutside,
        @Nullable List<Cidr> nodePortCidrs,
        @Nullable List<IpAddress> nodePortAddresses,
        @Nullable List<Cidr> externalCidrs) {
    public LoadBalancingSpec {
        loadBalancerClass = Objects.requireNonNullElse(loadBalancerClass, "portolan.io/gateway");
        unclassed = Objects.requireNonNullElse(unclassed, true);
        clusterAddressesOutside = Objects.requireNonNullElse(clusterAddressesOutside, false);
        nodePortCidrs = nodePortCidrs == null ? List.of(Cidr.parse("0.0.0.0/0")) : List.copyOf(nodePortCidrs);
        nodePortAddresses = nodePortAddresses == null ? List.of() : List.copyOf(nodePortAddresses);
        externalCidrs = externalCidrs == null ? List.of() : List.copyOf(externalCidrs);
    }

    @Override
    public String loadBalancerClass() {
        return requireNonNull(loadBalancerClass);
    }

    @Override
    public Boolean unclassed() {
        return requireNonNull(unclassed);
    }

    @Override
    public Boolean clusterAddressesOutside() {
        return requireNonNull(clusterAddressesOutside);
    }

    @Override
    public List<Cidr> nodePortCidrs() {
        return requireNonNull(nodePortCidrs);
    }

    @Override
    public List<IpAddress> nodePortAddresses() {
        return requireNonNull(nodePortAddresses);
    }

    @Override
    public List<Cidr> externalCidrs() {
        return requireNonNull(externalCidrs);
    }

    /**
     * The cluster's API server.
     *
     * @param secretRef names the mounted secret that holds a {@code kubeconfig}; without it the service runs in the cluster
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Kubernetes(@Nullable String secretRef) {}
}
