package io.portolan.ipam.pool;

import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.ipam.topology.Cluster;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Declares, lists and takes back pools. */
@Component
final class Pools {
    private final LedgerTransactions transactions;
    private final Topology topology;
    private final PoolRepository pools;

    Pools(LedgerTransactions transactions, Topology topology, PoolRepository pools) {
        this.transactions = transactions;
        this.topology = topology;
        this.pools = pools;
    }

    /** @return whether it was made just now */
    boolean declare(ClusterName clusterName, String name, Cidr cidr) {
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            throw new Invalid("pool", "a pool's name has at most 63 of a-z, 0-9 and - (an RFC 1123 label)");
        }
        if (cidr.family() != IpAddress.Family.IPV4) {
            throw new Invalid("cidr", "pools are IPv4 so far, " + cidr + " is not");
        }
        return transactions.run(() -> {
            Cluster cluster = topology.cluster(clusterName);
            UUID id = cluster.id().value();
            Optional<PoolRepository.Block> other = pools.inTheWay(id, name, cidr.toString());
            if (other.isPresent()) {
                if (!other.get().getName().equals(name)) {
                    throw new PoolRefused.Overlaps(
                            cidr, other.get().getName(), other.get().getCidr());
                }
                if (!other.get().getCidr().equals(cidr.toString())) {
                    throw new PoolRefused.Differs(name, other.get().getCidr());
                }
                return false;
            }
            if (cluster.podCidrs().stream().noneMatch(pods -> pods.contains(cidr))) {
                throw new PoolRefused.Outside(cidr, cluster.podCidrs());
            }
            return pools.insert(id, name, cidr.toString()) == 1;
        });
    }

    List<PoolView> of(ClusterName cluster) {
        return pools.ofCluster(topology.cluster(cluster).id().value()).stream()
                .map(PoolRow::view)
                .toList();
    }

    void delete(ClusterName clusterName, String name) {
        transactions.run(() -> {
            Optional<Cluster> cluster = topology.find(clusterName);
            if (cluster.isEmpty()) {
                return 0;
            }
            UUID id = cluster.get().id().value();
            long subnets = pools.subnets(id, name);
            if (subnets > 0) {
                throw new PoolRefused.InUse(name, subnets);
            }
            return pools.delete(id, name);
        });
    }
}
