package io.portolan.security.binding;

import static java.util.stream.Collectors.toSet;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.cluster.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Compares in which profiles a node's ports are in the network with what the ledger says that the network took, and mends what
 * differs. A difference counts when it is seen twice: the first look may have met a write under way.
 */
@Component
final class AuditReconciler implements Reconciler<NodeId> {
    private static final Logger log = LoggerFactory.getLogger(AuditReconciler.class);

    private final Clusters clusters;
    private final Groups groups;
    private final Networks networks;
    private final BindingRepository bindings;
    private final BindingWrites writes;
    private final MeterRegistry meters;

    AuditReconciler(
            Clusters clusters,
            Groups groups,
            Networks networks,
            BindingRepository bindings,
            BindingWrites writes,
            MeterRegistry meters) {
        this.clusters = clusters;
        this.groups = groups;
        this.networks = networks;
        this.bindings = bindings;
        this.writes = writes;
        this.meters = meters;
    }

    @Override
    public Set<NodeId> keys() {
        return bindings.audited().stream().map(NodeId::new).collect(toSet());
    }

    @Override
    public Outcome reconcile(NodeId key) {
        Optional<Node> node = clusters.find(key);
        Optional<Cluster> cluster =
                node.flatMap(each -> clusters.find(each.cluster())).filter(each -> !each.isDeleting());
        if (cluster.isEmpty()) {
            return Outcome.DONE;
        }
        SdnSecurity network = networks.of(cluster.get().target()).security();
        writes.exclusively(cluster.get().id(), () -> {
            if (bindings.enforced(cluster.get().id().value())) {
                network.close(List.of(key));
            }
        });
        Map<PortId, Set<String>> differing = differing(cluster.get(), network, key);
        if (!differing.isEmpty()) {
            Map<PortId, Set<String>> still = differing(cluster.get(), network, key);
            differing.keySet().retainAll(still.keySet());
        }
        if (!differing.isEmpty()) {
            mend(cluster.get(), key, differing);
        }
        return Outcome.DONE;
    }

    private void mend(Cluster cluster, NodeId node, Map<PortId, Set<String>> differing) {
        Counter.builder("portolan.security.drift")
                .description("Ports that somebody else had put in other profiles, or taken out of theirs")
                .tag("cluster", cluster.name().value())
                .register(meters)
                .increment(differing.size());
        log.warn(
                "Cluster {}, node {}: {} ports are in other profiles than they should be, and are put right: {}",
                cluster.name(),
                node,
                differing.size(),
                differing.entrySet().stream().limit(5).toList());
        writes.makeEach(cluster.id(), differing.keySet());
    }

    /** What the network has of ports that the ledger takes for settled, where it differs. */
    private Map<PortId, Set<String>> differing(Cluster cluster, SdnSecurity network, NodeId node) {
        Map<PortId, Set<String>> found = network.bindings(node);
        Map<ProfileId, String> names = new HashMap<>();
        groups.of(cluster.id()).forEach((id, group) -> {
            if (group.backendId() != null) {
                names.put(id, group.backendId());
            }
        });
        Map<PortId, Set<String>> differing = new HashMap<>();
        for (BindingRepository.PortRow row : bindings.settled(node.value())) {
            PortId port = new PortId(row.getId());
            Set<String> here = found.get(port);
            Set<String> wanted = new HashSet<>();
            Objects.requireNonNullElse(Sets.parse(row.getWanted()), List.<ProfileId>of())
                    .forEach(id -> wanted.add(names.getOrDefault(id, id.toString())));
            if (here != null && !here.equals(wanted)) {
                differing.put(port, here);
            }
        }
        return differing;
    }
}
