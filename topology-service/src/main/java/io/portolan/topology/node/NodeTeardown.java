package io.portolan.topology.node;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;

import io.portolan.kit.loop.Outcome;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortView;
import io.portolan.model.api.SubnetView;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.network.Bulks;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/**
 * Takes a node down: its ports as they become nobody's, then the switch, then the subnets, then the row.
 *
 * <p>A port goes out of the network first and out of the ledger second, so its address is given to nobody while the network
 * still delivers it. A run that died is continued: each step looks for what is left.
 */
@Component
final class NodeTeardown {
    private static final Duration HELD = Duration.ofSeconds(2);

    private final NodeRepository nodes;
    private final Networks networks;
    private final IpamClient ipam;

    NodeTeardown(NodeRepository nodes, Networks networks, IpamClient ipam) {
        this.nodes = nodes;
        this.networks = networks;
        this.ipam = ipam;
    }

    Outcome takeDown(Node node, Cluster cluster) {
        NodeId id = node.id();
        SdnBackend network = networks.of(cluster.target());
        ipam.drain(id, node.forceDrain());
        List<PortId> found = network.ports().list(id).stream().map(SdnPort::id).toList();
        List<PortView> ports = ipam.ports(id);
        List<PortId> draining = ports.stream()
                .filter(p -> p.state() == PortState.DRAINING)
                .map(PortView::id)
                .toList();
        if (!draining.isEmpty()) {
            for (List<PortId> some : Bulks.of(draining, network.ports().bulk())) {
                network.ports().delete(id, some);
                ipam.remove(id, some);
            }
        }
        if (draining.size() < ports.size()) {
            nodes.because(id.value(), waitsFor(ports), null);
            return Outcome.again(HELD);
        }
        List<PortId> unknown = found.stream().filter(p -> !draining.contains(p)).toList();
        for (List<PortId> some : Bulks.of(unknown, network.ports().bulk())) {
            network.ports().delete(id, some);
        }
        network.topology().deleteSwitch(id);
        for (SubnetView subnet : ipam.subnets(id)) {
            ipam.deleteSubnet(id, subnet.ordinal());
        }
        nodes.delete(id.value());
        return Outcome.DONE;
    }

    private static String waitsFor(List<PortView> ports) {
        return ports.stream()
                .filter(p -> p.state() != PortState.DRAINING)
                .collect(groupingBy(p -> p.state().text(), TreeMap::new, counting()))
                .entrySet()
                .stream()
                .map(e -> "%d %s".formatted(e.getValue(), e.getKey()))
                .collect(joining(
                        " and ", "waits for ", " ports; delete it with force=true only where the node is gone"));
    }
}
