package io.portolan.topology.gateway;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A declared gateway as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "gateway")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class Gateway {
    @Id
    @Column(name = "cluster_id")
    private UUID clusterId;

    @Column(name = "physical_network")
    private @Nullable String physicalNetwork;

    private @Nullable Integer vlan;

    @ColumnTransformer(read = "network::text")
    private @Nullable String network;

    @ColumnTransformer(read = "host(address)")
    private @Nullable String address;

    @Column(name = "next_hop")
    @ColumnTransformer(read = "host(next_hop)")
    private @Nullable String nextHop;

    @ColumnTransformer(read = "array_to_string(chassis, ' ')")
    private String chassis;

    @Column(name = "node_class")
    private @Nullable String nodeClass;

    private boolean snat;

    @Column(name = "snat_address")
    @ColumnTransformer(read = "host(snat_address)")
    private @Nullable String snatAddress;

    @Column(name = "no_snat_cidrs")
    @ColumnTransformer(read = "array_to_string(no_snat_cidrs, ' ')")
    private String noSnatCidrs;

    @Column(name = "floating_cidrs")
    @ColumnTransformer(read = "array_to_string(floating_cidrs, ' ')")
    private String floatingCidrs;

    @Column(name = "external_addresses")
    @ColumnTransformer(read = "array_to_string(external_addresses, ' ')")
    private String externalAddresses;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected Gateway() {}

    ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    long revision() {
        return revision;
    }

    boolean isDeleting() {
        return state.equals("deleting");
    }

    boolean wasReady() {
        return !externalAddresses.isEmpty();
    }

    GatewayClaim claim() {
        return new GatewayClaim(
                physicalNetwork,
                vlan,
                network == null ? null : Cidr.parse(network),
                parsed(address),
                parsed(nextHop),
                words(chassis, Function.identity()),
                nodeClass,
                snat,
                parsed(snatAddress),
                words(noSnatCidrs, Cidr::parse),
                words(floatingCidrs, Cidr::parse));
    }

    private static @Nullable IpAddress parsed(@Nullable String text) {
        return text == null ? null : IpAddress.parse(text);
    }

    private static <T> List<T> words(String text, Function<String, T> parse) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(" ")).map(parse).toList();
    }

    GatewayView view(ClusterName cluster) {
        return new GatewayView(
                cluster,
                state,
                stateReason,
                stateProblem,
                words(externalAddresses, word -> IpAddress.parse(word.replaceAll("/.*", ""))),
                claim(),
                createdAt,
                revision);
    }
}
