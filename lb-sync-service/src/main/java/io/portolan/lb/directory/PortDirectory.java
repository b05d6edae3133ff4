package io.portolan.lb.directory;

import io.portolan.lb.cluster.Cluster;
import io.portolan.lb.cluster.LoadBalancings;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnDirectory.Neighbour;
import io.portolan.sdn.SdnFailure;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/**
 * Answers whose port an address is. The ledger is asked each time, so ours are always current. Of others a copy is kept,
 * which is read from the network at bring-up and at every look at the cluster after.
 */
@Component
public class PortDirectory {
    private final LoadBalancings clusters;
    private final DirectoryRepository ports;
    private final Networks networks;
    private final Map<ClusterId, Map<IpAddress, Neighbour>> others = new ConcurrentHashMap<>();

    PortDirectory(LoadBalancings clusters, DirectoryRepository ports, Networks networks) {
        this.clusters = clusters;
        this.ports = ports;
        this.networks = networks;
    }

    /** Reads who else is behind the cluster's router; what it throws leaves the copy as it was. */
    public void refresh(Cluster cluster) {
        String router = cluster.routerId();
        if (router != null) {
            Map<IpAddress, Neighbour> found = new HashMap<>();
            networks.of(cluster.target())
                    .directory()
                    .neighbours(router)
                    .forEach(each -> found.put(each.address(), each));
            others.put(cluster.id(), Map.copyOf(found));
        }
    }

    public void forget(ClusterId cluster) {
        others.remove(cluster);
    }

    DirectoryEntry lookUp(ClusterName name, IpAddress address) {
        Cluster cluster = clusters.named(name);
        return ports.port(cluster.id().value(), address.toString())
                .map(row -> ours(address, row))
                .or(() -> other(cluster, address))
                .orElseThrow(() -> new DirectoryRefused.UnknownAddress(address));
    }

    private static DirectoryEntry ours(IpAddress address, DirectoryRepository.PortRow row) {
        return new DirectoryEntry(
                address,
                true,
                row.getId().toString(),
                row.getBackendId(),
                new NodeId(row.getNode()),
                new NodeName(row.getNodeName()),
                row.getState(),
                row.getPodName() == null ? null : row.getPodNamespace() + "/" + row.getPodName(),
                null);
    }

    private Optional<DirectoryEntry> other(Cluster cluster, IpAddress address) {
        if (!others.containsKey(cluster.id())) {
            try {
                refresh(cluster);
            } catch (SdnFailure e) {
                throw new DirectoryRefused.NetworkUnavailable(String.valueOf(e.getMessage()));
            }
        }
        return Optional.ofNullable(others.getOrDefault(cluster.id(), Map.of()).get(address))
                .map(each -> new DirectoryEntry(
                        address, false, each.portId(), each.portId(), null, null, null, null, each.network()));
    }
}
