package io.portolan.topology.node;

import io.portolan.model.Cidr;
import io.portolan.model.NodeId;
import io.portolan.model.SubnetSizing;
import io.portolan.model.SubnetState;
import io.portolan.model.api.PortView;
import io.portolan.model.api.SubnetView;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.cluster.NodeSettings;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.ipam.IpamRefused;
import io.portolan.topology.trouble.Trouble;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * A node's list of subnets: the first when it joins, further ones ahead of its pods, and those that it could do without
 * offered back.
 *
 * <p>One step a look, each of them one call of ipam-service, so that a kill leaves the list before the step or after it. A
 * subnet goes this way: offered, which its node learns when it registers next; given back, port by port, by the node and nobody
 * else; draining, once it holds none (ipam-service judges that with the ports locked); its ports gone; out of the switch; gone.
 * Until it drains it is taken back by whoever needs it: by us where the node is short, by a port of it that is used, by a claim
 * that finds no other.
 */
@Component
final class NodeSubnets {
    /** What refuses a further subnet to one node and says nothing of others. */
    static final Set<String> REFUSALS = Set.of("pool-exhausted", "vlan-tags-exhausted");

    private static final Logger log = LoggerFactory.getLogger(NodeSubnets.class);
    private static final int SMALLEST = 29;

    /** @param changed whether the list is another now, and is to be looked at anew */
    record Step(List<SubnetView> subnets, boolean changed, Optional<Trouble> trouble) {}

    private final NodeRepository nodes;
    private final Clusters clusters;
    private final IpamClient ipam;

    NodeSubnets(NodeRepository nodes, Clusters clusters, IpamClient ipam) {
        this.nodes = nodes;
        this.clusters = clusters;
        this.ipam = ipam;
    }

    Step step(Node node, Cluster cluster) {
        NodeSettings settings = clusters.settingsOf(cluster).apply(node.nodeClass());
        List<SubnetView> subnets = ipam.subnets(node.id());
        if (subnets.isEmpty()) {
            int first = node.prefixLength(settings.sizing());
            return new Step(List.of(cut(node.id(), 0, Math.max(widest(cluster), first))), false, Optional.empty());
        }
        Supply supply = supply(node, settings);
        if (supply.isShort()) {
            noSurplus(node);
            return grow(node, cluster, supply, subnets);
        }
        return new Step(subnets, shrink(node, supply), Optional.empty());
    }

    private Supply supply(Node node, NodeSettings settings) {
        return new Supply(
                node.demand(),
                node.maxPods(),
                settings,
                nodes.supply(List.of(node.id().value()), settings.subnetIdle().toSeconds()).stream()
                        .map(Supply.OfSubnet::of)
                        .toList());
    }

    private Step grow(Node node, Cluster cluster, Supply supply, List<SubnetView> subnets) {
        Optional<Supply.OfSubnet> offered = supply.offered();
        if (offered.isPresent()) {
            ipam.withdraw(node.id(), offered.get().ordinal());
            return new Step(subnets, true, Optional.empty());
        }
        int wanted = Math.max(widest(cluster), SubnetSizing.prefixLength(supply.further()));
        try {
            cut(node.id(), supply.nextOrdinal(), wanted);
            return new Step(subnets, true, Optional.empty());
        } catch (IpamRefused e) {
            if (!REFUSALS.contains(e.slug())) {
                throw e;
            }
            return new Step(
                    subnets,
                    false,
                    Optional.of(new Trouble(
                            e.slug(),
                            "%d ports are too few for %d that are wanted, and no further subnet is to be had: %s"
                                    .formatted(supply.live(), supply.needed(), e.detail()))));
        }
    }

    /** A smaller one where there is no other: the last free blocks are of use, too. */
    private SubnetView cut(NodeId node, int ordinal, int wanted) {
        SubnetView cut = ipam.ensureSubnet(node, ordinal, wanted, Math.max(wanted, SMALLEST));
        log.info("Node {} gets subnet {}, {}", node, ordinal, cut.cidr());
        return cut;
    }

    /** @return whether anything changed */
    private boolean shrink(Node node, Supply supply) {
        UUID id = node.id().value();
        Optional<Supply.OfSubnet> offered = supply.offered();
        if (offered.isPresent()) {
            return settle(node.id(), offered.get());
        }
        Optional<Supply.OfSubnet> surplus =
                supply.settings().subnetIdle().isZero() ? Optional.empty() : supply.surplus();
        if (surplus.isEmpty()) {
            noSurplus(node);
            return false;
        }
        if (!node.hadSurplus()) {
            nodes.surplus(id);
        }
        if (!nodes.surplusFor(id, supply.settings().subnetIdle().toSeconds())) {
            return false;
        }
        ipam.offer(node.id(), surplus.get().ordinal());
        log.info(
                "Node {} is asked to do without subnet {}",
                node.name(),
                surplus.get().ordinal());
        return true;
    }

    private void noSurplus(Node node) {
        if (node.hadSurplus()) {
            nodes.noSurplus(node.id().value());
        }
    }

    private boolean settle(NodeId node, Supply.OfSubnet offered) {
        if (offered.usedSinceOffer()) {
            ipam.withdraw(node, offered.ordinal());
            return true;
        }
        if (offered.held() > 0 || offered.used() > 0) {
            return false;
        }
        try {
            ipam.drain(node, offered.ordinal());
            log.info("Node {} has given subnet {} back", node, offered.ordinal());
            return true;
        } catch (IpamRefused e) {
            if (e.slug().equals("subnet-held") || e.slug().equals("subnet-not-offered")) {
                return false;
            }
            throw e;
        }
    }

    /** Those that drain and of which the ledger has no port any more. */
    static List<SubnetView> emptied(List<SubnetView> subnets, List<PortView> ports) {
        Set<Object> full = ports.stream().map(PortView::subnet).collect(Collectors.toSet());
        return subnets.stream()
                .filter(s -> s.is(SubnetState.DRAINING) && !full.contains(s.id()))
                .toList();
    }

    /** After the switch has lost it. */
    void remove(NodeId node, List<SubnetView> emptied) {
        emptied.forEach(s -> ipam.deleteSubnet(node, s.ordinal()));
    }

    /** No more than the cluster has room for in one piece. */
    private static int widest(Cluster cluster) {
        return cluster.podCidrs().stream().mapToInt(Cidr::prefixLength).min().orElseThrow();
    }
}
