package io.portolan.topology.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.Cidr;
import io.portolan.model.Mode;
import io.portolan.model.SubnetSizing;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster should be. What is left out has a default.
 *
 * @param podCidrs address space of its pods; grows, never shrinks
 * @param serviceCidr addresses that are no pod's
 * @param routerId a router to adopt; without one the cluster's own is made
 * @param mtu of pods' interfaces, in bytes
 * @param leaseBatch ports a claim, B
 * @param warmHeadroom free ports that a node keeps beyond those in use
 * @param cooldownSeconds rest of an address between two pods
 * @param sizing how large a node's subnet is
 * @param nodeClasses sizing of the nodes that name one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClusterSpec(
        Mode mode,
        List<Cidr> podCidrs,
        @Nullable Cidr serviceCidr,
        @Nullable String routerId,
        Network backend,
        @Nullable Integer mtu,
        @Nullable Integer leaseBatch,
        @Nullable Integer warmHeadroom,
        @Nullable Integer cooldownSeconds,
        @Nullable SubnetSizing sizing,
        @Nullable Map<String, SubnetSizing> nodeClasses) {

    public ClusterSpec {
        podCidrs = List.copyOf(podCidrs);
        mtu = Objects.requireNonNullElse(mtu, 1_400);
        leaseBatch = Objects.requireNonNullElse(leaseBatch, 16);
        warmHeadroom = Objects.requireNonNullElse(warmHeadroom, 8);
        cooldownSeconds = Objects.requireNonNullElse(cooldownSeconds, 30);
        sizing = Objects.requireNonNullElse(sizing, SubnetSizing.DEFAULT);
        nodeClasses = new TreeMap<>(Objects.requireNonNullElse(nodeClasses, Map.of()));
    }

    @Override
    public Integer mtu() {
        return requireNonNull(mtu);
    }

    @Override
    public Integer leaseBatch() {
        return requireNonNull(leaseBatch);
    }

    @Override
    public Integer warmHeadroom() {
        return requireNonNull(warmHeadroom);
    }

    @Override
    public Integer cooldownSeconds() {
        return requireNonNull(cooldownSeconds);
    }

    @Override
    public SubnetSizing sizing() {
        return requireNonNull(sizing);
    }

    @Override
    public Map<String, SubnetSizing> nodeClasses() {
        return requireNonNull(nodeClasses);
    }

    /**
     * Where the cluster's network is.
     *
     * @param endpoints such as {@code unix:/run/ovn/ovnnb_db.sock} or {@code tcp:10.0.0.1:6641,tcp:10.0.0.2:6641}
     * @param secretRef names the secret that holds the credential; it never is one
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Network(String endpoints, @Nullable String secretRef) {}
}
