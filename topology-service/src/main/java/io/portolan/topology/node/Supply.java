package io.portolan.topology.node;

import io.portolan.model.SubnetState;
import io.portolan.model.api.NodeRegistration.Demand;
import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.NodeSettings;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node's pods want and what its subnets have for them; when that asks for a subnet more, or for one less.
 *
 * <p>A further subnet is cut when fewer ports are there than pods may take before the next look ({@link #needed()}), and then
 * for whole batches ({@link #target()}); one is offered back only where the others have the whole batches without it. What
 * lies between the two keeps a node whose pods come and go from gaining and losing subnets with them. Ports that the network
 * refused count as there: they are tried again, and more of them would be refused like them.
 *
 * @param said by the node's agent
 * @param maxPods kubelet's limit
 */
record Supply(@Nullable Demand said, int maxPods, NodeSettings settings, List<OfSubnet> subnets) {
    /**
     * One subnet's part.
     *
     * @param ports that do not drain
     * @param used bound, or cooling
     * @param held in the node's cache
     * @param idle of these, those that no pod has or had a moment ago
     * @param usedSinceOffer a port of it was bound after it was offered
     * @param offerable whether its node did not refuse to give it back a moment ago
     */
    record OfSubnet(
            int ordinal,
            SubnetState state,
            int ports,
            int used,
            int held,
            int idle,
            boolean usedSinceOffer,
            boolean offerable) {
        static OfSubnet of(NodeRepository.SupplyRow row) {
            return new OfSubnet(
                    row.getOrdinal(),
                    SubnetState.parse(row.getState()),
                    row.getPorts(),
                    row.getUsed(),
                    row.getHeld(),
                    row.getIdle(),
                    row.getUsedSinceOffer(),
                    row.getOfferable());
        }
    }

    Supply {
        subnets = List.copyOf(subnets);
    }

    private Demand demand() {
        return said == null
                ? new Demand(subnets.stream().mapToInt(OfSubnet::used).sum(), 0)
                : said;
    }

    private int most() {
        return Math.min(maxPods, settings.sizing().maxPods());
    }

    int needed() {
        return Math.min(most(), settings.warm().needed(demand().used(), demand().pending()));
    }

    int target() {
        return Math.min(most(), settings.warm().target(demand().used(), demand().pending()));
    }

    int live() {
        return subnets.stream()
                .filter(s -> s.state() == SubnetState.LIVE)
                .mapToInt(OfSubnet::ports)
                .sum();
    }

    boolean isShort() {
        return live() < needed();
    }

    /** For how many ports a further subnet is cut. */
    int further() {
        return Math.max(settings.furtherPods(), target() - live());
    }

    int nextOrdinal() {
        int next = 0;
        while (has(next)) {
            next++;
        }
        return next;
    }

    private boolean has(int ordinal) {
        return subnets.stream().anyMatch(s -> s.ordinal() == ordinal);
    }

    Optional<OfSubnet> offered() {
        return in(SubnetState.OFFERED);
    }

    private Optional<OfSubnet> in(SubnetState state) {
        return subnets.stream().filter(s -> s.state() == state).findFirst();
    }

    /** The subnet that the node could do without, the least used of them and of these the last; never its first. */
    Optional<OfSubnet> surplus() {
        return subnets.stream()
                .filter(s -> s.ordinal() > 0 && s.state() == SubnetState.LIVE && s.offerable())
                .filter(s -> live() - s.ports() >= target())
                .min(Comparator.comparingInt(OfSubnet::used).thenComparingInt(s -> -s.ordinal()));
    }

    NodeView.Supply view() {
        return new NodeView.Supply(
                demand().used(),
                demand().pending(),
                needed(),
                target(),
                live(),
                subnets.stream().mapToLong(OfSubnet::idle).sum(),
                subnets.stream().mapToLong(OfSubnet::held).sum());
    }
}
