package io.portolan.lb.cluster;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Mode;
import io.portolan.model.NodeId;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Declares how a cluster's Services become load balancers, and tells. */
@Component
public class LoadBalancings {
    /** So many external addresses are looked through for a free one. */
    private static final long MOST_EXTERNAL = 65_536;

    private final ClusterRepository clusters;

    LoadBalancings(ClusterRepository clusters) {
        this.clusters = clusters;
    }

    /** @param made whether it was not there before */
    record Declared(LoadBalancing balancing, boolean made) {}

    public Cluster named(ClusterName name) {
        return clusters.findByName(name.value()).orElseThrow(() -> new LoadBalancingRefused.UnknownCluster(name));
    }

    public Optional<Cluster> cluster(ClusterId id) {
        return clusters.findById(id.value());
    }

    @Transactional
    Declared declare(ClusterName name, LoadBalancingSpec spec) {
        check(spec);
        Cluster cluster = named(name);
        UUID id = cluster.id().value();
        Optional<LoadBalancing> before = of(cluster.id());
        if (cluster.isDeleting() || before.filter(LoadBalancing::isDeleting).isPresent()) {
            throw new LoadBalancingRefused.Deleting(name);
        }
        if (before.isPresent() && before.get().spec().equals(spec)) {
            return new Declared(before.get(), false);
        }
        String external = text(spec.externalCidrs());
        if (cluster.target().mode() == Mode.UNDERLAY) {
            refuseAddresses(spec);
        } else {
            clusters.lockOutside(id);
            clusters.overlapsFloating(id, external).ifPresent(block -> {
                throw new LoadBalancingRefused.ExternalOverlapsFloating(block);
            });
            clusters.grantedOutside(id, external).ifPresent(address -> {
                throw new LoadBalancingRefused.AddressGranted(address);
            });
        }
        for (Cidr block : spec.externalCidrs()) {
            if (cluster.podCidrs().stream().anyMatch(block::overlaps)) {
                throw new Invalid("externalCidrs", block + " overlaps the cluster's pods");
            }
        }
        clusters.declare(id, text(spec.nodePortCidrs()), text(spec.nodePortAddresses()), external, spec);
        return new Declared(of(cluster.id()).orElseThrow(), before.isEmpty());
    }

    /** A cloud gives addresses for the outside itself, and balances no nodes'. */
    private static void refuseAddresses(LoadBalancingSpec spec) {
        if (!spec.externalCidrs().isEmpty()) {
            throw new LoadBalancingRefused.NotSupported(
                    "externalCidrs", "in underlay mode Services get floating IPs of the cluster's external network");
        }
        if (!spec.nodePortAddresses().isEmpty()) {
            throw new LoadBalancingRefused.NotSupported(
                    "nodePortAddresses", "in underlay mode there are no node ports: use a LoadBalancer");
        }
    }

    private static void check(LoadBalancingSpec spec) {
        String secret = spec.kubernetes().secretRef();
        if (secret != null && !secret.matches("[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?")) {
            throw new Invalid("kubernetes.secretRef", "'%s' is no name of a secret".formatted(secret));
        }
        if (!spec.loadBalancerClass().matches("[a-zA-Z0-9][-a-zA-Z0-9_./]{0,251}")) {
            throw new Invalid("loadBalancerClass", "'%s' is no label value".formatted(spec.loadBalancerClass()));
        }
        checkFamily("nodePortCidrs", spec.nodePortCidrs().stream().map(Cidr::family));
        checkFamily("nodePortAddresses", spec.nodePortAddresses().stream().map(IpAddress::family));
        checkFamily("externalCidrs", spec.externalCidrs().stream().map(Cidr::family));
        long addresses = 0;
        for (int i = 0; i < spec.externalCidrs().size(); i++) {
            Cidr block = spec.externalCidrs().get(i);
            addresses += Math.min(block.size(), MOST_EXTERNAL + 1);
            if (spec.externalCidrs().subList(0, i).stream().anyMatch(block::overlaps)) {
                throw new Invalid("externalCidrs[%d]".formatted(i), block + " overlaps another one");
            }
        }
        if (addresses > MOST_EXTERNAL) {
            throw new Invalid("externalCidrs", "these are more than %d addresses".formatted(MOST_EXTERNAL));
        }
    }

    private static void checkFamily(String field, Stream<IpAddress.Family> families) {
        if (families.anyMatch(family -> family == IpAddress.Family.IPV6)) {
            throw new LoadBalancingRefused.NotSupported(field, "IPv6 is not supported yet");
        }
    }

    LoadBalancing show(ClusterName name) {
        return of(named(name).id()).orElseThrow(() -> new LoadBalancingRefused.NotDeclared(name));
    }

    /** What is not there is removed already. */
    void remove(ClusterName name) {
        clusters.findByName(name.value())
                .ifPresent(cluster -> clusters.markDeleting(cluster.id().value()));
    }

    public Optional<LoadBalancing> of(ClusterId id) {
        return clusters.declared(id.value()).map(LoadBalancings::read);
    }

    public List<LoadBalancing> all() {
        return clusters.declared().stream().map(LoadBalancings::read).toList();
    }

    public void stand(ClusterId id, String state, @Nullable String reason) {
        clusters.stand(id.value(), state, reason);
    }

    /** For one that is deleted, when none of its balancers is left. */
    public void forget(ClusterId id) {
        clusters.forget(id.value());
    }

    public Map<String, NodeId> nodes(ClusterId id) {
        return clusters.nodes(id.value()).stream()
                .collect(toMap(ClusterRepository.NodeRow::getName, row -> new NodeId(row.getId())));
    }

    private static LoadBalancing read(ClusterRepository.DeclaredRow row) {
        LoadBalancingSpec spec = new LoadBalancingSpec(
                new LoadBalancingSpec.Kubernetes(row.getSecretRef()),
                row.getBalancerClass(),
                row.getUnclassed(),
                row.getOutside(),
                list(row.getNodePortCidrs(), Cidr::parse),
                list(row.getNodePortAddresses(), IpAddress::parse),
                list(row.getExternalCidrs(), Cidr::parse));
        return new LoadBalancing(
                new ClusterId(row.getCluster()), spec, row.getState(), row.getReason(), row.getRevision());
    }

    private static <T> List<T> list(String text, Function<String, T> parse) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",")).map(parse).toList();
    }

    private static String text(Collection<?> values) {
        return values.stream().map(Object::toString).collect(joining(","));
    }
}
