package io.portolan.topology.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.portolan.model.Cidr;
import io.portolan.model.Mode;
import io.portolan.model.SubnetSizing;
import io.portolan.sdn.PortSpec.Nesting.Way;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster should be. What is left out has a default.
 *
 * @param podCidrs address space of its pods; grows, never shrinks
 * @param serviceCidr addresses that are no pod's
 * @param routerId a router to adopt; without one the cluster's own is made
 * @param externalNetwork name or id of the cloud's network that the router has its gateway on; underlay only
 * @param network name or id of a network of the cloud on which all nodes' subnets are made; without one each node gets its
 *     own; underlay only
 * @param nesting how ports are taken into VMs; underlay only
 * @param mtu of pods' interfaces, in bytes; without it 1,400, and 1,442 in underlay mode, as clouds with Geneve have it
 * @param leaseBatch ports a claim, B
 * @param warmHeadroom free ports that a node keeps beyond those in use
 * @param cooldownSeconds rest of an address between two pods
 * @param furtherPods a node's further subnet has room for so many pods at least
 * @param subnetIdleSeconds a subnet that its node could do without for so long is offered back; 0 is never
 * @param sizing how large a node's first subnet is, and how many pods it has at most
 * @param nodeClasses the same of the nodes that name one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClusterSpec(
        Mode mode,
        List<Cidr> podCidrs,
        @Nullable Cidr serviceCidr,
        @Nullable String routerId,
        @Nullable String externalNetwork,
        @Nullable String network,
        @Nullable Nesting nesting,
        Network backend,
        @Nullable Integer mtu,
        @Nullable Integer leaseBatch,
        @Nullable Integer warmHeadroom,
        @Nullable Integer cooldownSeconds,
        @Nullable Integer furtherPods,
        @Nullable Integer subnetIdleSeconds,
        @Nullable SubnetSizing sizing,
        @Nullable Map<String, NodeClass> nodeClasses) {

    public ClusterSpec {
        podCidrs = List.copyOf(podCidrs);
        boolean underlay = mode == Mode.UNDERLAY;
        nesting = nesting == null && underlay ? Nesting.AUTO : nesting;
        mtu = Objects.requireNonNullElse(mtu, underlay ? 1_442 : 1_400);
        leaseBatch = Objects.requireNonNullElse(leaseBatch, 16);
        warmHeadroom = Objects.requireNonNullElse(warmHeadroom, 8);
        cooldownSeconds = Objects.requireNonNullElse(cooldownSeconds, 30);
        furtherPods = Objects.requireNonNullElse(furtherPods, 5);
        subnetIdleSeconds = Objects.requireNonNullElse(subnetIdleSeconds, 600);
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
    public Integer furtherPods() {
        return requireNonNull(furtherPods);
    }

    @Override
    public Integer subnetIdleSeconds() {
        return requireNonNull(subnetIdleSeconds);
    }

    @Override
    public SubnetSizing sizing() {
        return requireNonNull(sizing);
    }

    @Override
    public Map<String, NodeClass> nodeClasses() {
        return requireNonNull(nodeClasses);
    }

    /** How ports are taken into VMs. */
    public enum Nesting {
        /** By trunks where the cloud has them, else by binding profile. */
        @JsonProperty("auto")
        AUTO,
        /** As sub-ports of a trunk on the VM's port: any tenant may. */
        @JsonProperty("trunk")
        TRUNK,
        /** By {@code binding:profile}: where the cloud's policy allows it. */
        @JsonProperty("binding-profile")
        BINDING_PROFILE;

        static Nesting of(Way way) {
            return way == Way.TRUNK ? TRUNK : BINDING_PROFILE;
        }

        /** Absent where the cloud decides. */
        Optional<Way> way() {
            return switch (this) {
                case AUTO -> Optional.empty();
                case TRUNK -> Optional.of(Way.TRUNK);
                case BINDING_PROFILE -> Optional.of(Way.BINDING_PROFILE);
            };
        }

        /** As the ledger and the API write it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Nesting parse(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }

    /**
     * Where the cluster's network is.
     *
     * @param endpoints Keystone's URL in underlay mode; else such as {@code unix:/run/ovn/ovnnb_db.sock} or {@code tcp:10.0.0.1:6641,tcp:10.0.0.2:6641}
     * @param secretRef names the secret that holds the credential; it never is one
     * @param southbound OVN's southbound database, which says which chassis has bound which port; only read, for audits and
     *     before a vanished node's ports are given back; overlay only
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Network(
            String endpoints,
            @Nullable String secretRef,
            @Nullable String southbound) {}
}
