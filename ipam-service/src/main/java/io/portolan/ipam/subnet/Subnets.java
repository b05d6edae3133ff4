package io.portolan.ipam.subnet;

import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.ipam.topology.Node;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.NodeId;
import io.portolan.model.SubnetSizing;
import io.portolan.model.SubnetState;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.SubnetView;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Cuts subnets for nodes, with all their ports, and takes them back. One cluster cuts one at a time. */
@Component
final class Subnets {
    static final int SHORTEST = 16;
    static final int LONGEST = 29;
    private static final int MOST_SUBNETS = 1_024;
    private static final int TAGS = 4_094;
    private static final int BITS = 32;

    /** @param made whether it was cut just now */
    record Cut(SubnetView subnet, boolean made) {}

    private final LedgerTransactions transactions;
    private final Topology topology;
    private final SubnetRepository subnets;

    Subnets(LedgerTransactions transactions, Topology topology, SubnetRepository subnets) {
        this.transactions = transactions;
        this.topology = topology;
        this.subnets = subnets;
    }

    Cut cut(NodeId id, int ordinal, int prefixLength) {
        Invalid.unlessBetween("ordinal", ordinal, 0, MOST_SUBNETS - 1);
        Invalid.unlessBetween("prefixLength", prefixLength, SHORTEST, BITS);
        if (prefixLength > LONGEST) {
            throw new SubnetRefused.PrefixTooSmall(prefixLength);
        }
        return transactions.run(() -> {
            Node node = topology.node(id);
            subnets.lock("subnets of " + node.cluster());
            Optional<SubnetView> found = subnets.find(id.value(), ordinal).map(SubnetRow::view);
            if (found.isPresent()) {
                if (found.get().cidr().prefixLength() != prefixLength) {
                    throw new SubnetRefused.Differs(found.get(), prefixLength);
                }
                return new Cut(found.get(), false);
            }
            if (node.isDraining()) {
                throw new SubnetRefused.NodeDraining(id);
            }
            refuseWithoutTags(node, prefixLength);
            UUID cluster = node.cluster().value();
            SubnetRepository.Block block =
                    subnets.bestFit(cluster, prefixLength).orElseThrow(() -> exhausted(node, prefixLength));
            SubnetView made = subnets.insert(
                            UUID.randomUUID(), cluster, id.value(), ordinal, block.getPool(), block.getCidr())
                    .view();
            subnets.insertPorts(id.value(), made.id().value());
            return new Cut(made, true);
        });
    }

    private void refuseWithoutTags(Node node, int prefixLength) {
        String parent = node.parentPort();
        if (parent == null) {
            return;
        }
        long left = TAGS - subnets.tagsUsed(node.cluster().value(), parent);
        long needed = (1L << (BITS - prefixLength)) - SubnetSizing.RESERVED;
        if (needed > left) {
            throw new SubnetRefused.VlanTagsExhausted(parent, needed, left);
        }
    }

    private SubnetRefused exhausted(Node node, int prefixLength) {
        SubnetRepository.Space space = subnets.space(node.cluster().value(), BITS);
        Integer largest = space.getLargest();
        return new SubnetRefused.PoolExhausted(
                node.cluster(), prefixLength, space.getFree(), largest == null ? "none" : "a /" + largest);
    }

    List<SubnetView> of(NodeId node) {
        topology.node(node);
        return subnets.ofNode(node.value()).stream().map(SubnetRow::view).toList();
    }

    /** What is not there is taken back already. */
    void takeBack(NodeId id, int ordinal) {
        transactions.run(() -> {
            topology.find(id).ifPresent(node -> subnets.lock("subnets of " + node.cluster()));
            PortCounts ports = subnets.ports(id.value(), ordinal).counts();
            if (ports.all() > 0) {
                throw new SubnetRefused.InUse(ordinal, ports);
            }
            return subnets.delete(id.value(), ordinal);
        });
    }

    /** Asks the node to do without the subnet. Asking again changes nothing. */
    SubnetView offer(NodeId id, int ordinal) {
        return transactions.run(() -> {
            SubnetView found = held(id, ordinal);
            if (ordinal == 0) {
                throw new SubnetRefused.First(id);
            }
            subnets.offer(id.value(), ordinal);
            return found.is(SubnetState.LIVE) ? held(id, ordinal) : found;
        });
    }

    /** The node needs the subnet: it is live again, unless it drains already. */
    SubnetView withdraw(NodeId id, int ordinal) {
        return transactions.run(() -> {
            held(id, ordinal);
            subnets.withdraw(id.value(), ordinal);
            return held(id, ordinal);
        });
    }

    /**
     * Lets an offered subnet go that its node holds nothing of. The node has consented by then, for nobody else gives ports
     * back; a claim at the same time either finds them locked or is found to hold one.
     */
    SubnetView drain(NodeId id, int ordinal) {
        return transactions.run(() -> {
            SubnetView found = held(id, ordinal);
            UUID subnet = found.id().value();
            if (found.is(SubnetState.LIVE)) {
                throw new SubnetRefused.NotOffered(found);
            }
            if (found.is(SubnetState.OFFERED)) {
                long held = subnets.holdPorts(subnet);
                if (held > 0 || subnets.cools(subnet)) {
                    throw new SubnetRefused.Held(found, held);
                }
                subnets.drainPorts(subnet);
                subnets.drain(subnet);
            }
            return held(id, ordinal);
        });
    }

    private SubnetView held(NodeId id, int ordinal) {
        topology.node(id);
        return subnets.hold(id.value(), ordinal)
                .map(SubnetRow::view)
                .orElseThrow(() -> new SubnetRefused.Unknown(id, ordinal));
    }
}
