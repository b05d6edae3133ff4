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
import java.util.stream.IntStream;
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

    /** The largest that there is room for, of those from {@code prefixLength} to {@code longest}. */
    Cut cut(NodeId id, int ordinal, int prefixLength, int longest) {
        Invalid.unlessBetween("ordinal", ordinal, 0, MOST_SUBNETS - 1);
        Invalid.unlessBetween("prefixLength", prefixLength, SHORTEST, BITS);
        if (prefixLength > LONGEST) {
            throw new SubnetRefused.PrefixTooSmall(prefixLength);
        }
        Invalid.unlessBetween("longest", longest, prefixLength, LONGEST);
        return transactions.run(() -> {
            Node node = topology.node(id);
            subnets.lock("subnets of " + node.cluster());
            Optional<SubnetView> found = subnets.find(id.value(), ordinal).map(SubnetRow::view);
            if (found.isPresent()) {
                int there = found.get().cidr().prefixLength();
                if (there < prefixLength || there > longest) {
                    throw new SubnetRefused.Differs(found.get(), prefixLength);
                }
                return new Cut(found.get(), false);
            }
            if (node.isDraining()) {
                throw new SubnetRefused.NodeDraining(id);
            }
            UUID cluster = node.cluster().value();
            SubnetRepository.Block block = room(node, shortestByTags(node, prefixLength, longest), longest);
            SubnetView made = subnets.insert(
                            UUID.randomUUID(), cluster, id.value(), ordinal, block.getPool(), block.getCidr())
                    .view();
            subnets.insertPorts(id.value(), made.id().value());
            return new Cut(made, true);
        });
    }

    private SubnetRepository.Block room(Node node, int shortest, int longest) {
        UUID cluster = node.cluster().value();
        return subnets.bestFit(cluster, shortest).orElseGet(() -> {
            SubnetRepository.Space space = subnets.space(cluster, BITS);
            Integer largest = space.getLargest();
            // A pool may have been declared since the first look.
            return Optional.ofNullable(largest)
                    .filter(l -> l <= longest)
                    .flatMap(l -> subnets.bestFit(cluster, Math.max(l, shortest)))
                    .orElseThrow(() -> new SubnetRefused.PoolExhausted(
                            node.cluster(), longest, space.getFree(), largest == null ? "none" : "a /" + largest));
        });
    }

    private int shortestByTags(Node node, int prefixLength, int longest) {
        String parent = node.parentPort();
        if (parent == null) {
            return prefixLength;
        }
        long left = TAGS - subnets.tagsUsed(node.cluster().value(), parent);
        return IntStream.rangeClosed(prefixLength, longest)
                .filter(p -> portsOf(p) <= left)
                .findFirst()
                .orElseThrow(() -> new SubnetRefused.VlanTagsExhausted(parent, portsOf(longest), left));
    }

    private static long portsOf(int prefixLength) {
        return (1L << (BITS - prefixLength)) - SubnetSizing.RESERVED;
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
