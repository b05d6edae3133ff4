package io.portolan.topology.node;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.Outcome;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortView;
import io.portolan.model.api.TransitionRequest;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.network.CreationBudget;
import io.portolan.topology.network.CreationBudget.Slot;
import io.portolan.topology.settings.TopologyProperties;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes a node's ports in the network what ipam-service says that they are. */
@Component
final class NodePorts {
    /** In the network, as far as the ledger knows. */
    private static final Set<PortState> MADE =
            EnumSet.of(PortState.FREE, PortState.LEASED, PortState.BOUND, PortState.COOLING);

    private final IpamClient ipam;
    private final CreationBudget budget;
    private final TwoLooks orphans;
    private final Duration failedRetry;
    private final Counter remade;
    private final Counter swept;

    NodePorts(
            IpamClient ipam,
            CreationBudget budget,
            TwoLooks orphans,
            TopologyProperties properties,
            MeterRegistry meters) {
        this.ipam = ipam;
        this.budget = budget;
        this.orphans = orphans;
        this.failedRetry = properties.failedRetry();
        this.remade = Counter.builder("portolan.ports.remade")
                .description("Ports that the network had lost or changed")
                .register(meters);
        this.swept = Counter.builder("portolan.ports.swept")
                .description("Ports in the network that the ledger did not know at two looks")
                .register(meters);
    }

    /**
     * One look at the node's ports.
     *
     * @param found what the network had, read before the ledger is
     * @return how the ports stand after it
     */
    Standing look(Node node, SdnBackend network, List<SdnPort> found) {
        NodeId id = node.id();
        Map<PortId, SdnPort> inNetwork = found.stream().collect(toMap(SdnPort::id, Function.identity()));
        List<PortView> ports = ipam.ports(id);
        removeDraining(id, network, ports);
        boolean orphaned = sweep(id, network, inNetwork, ports);
        retryFailed(id, ports);
        List<PortView> toMake =
                ports.stream().filter(p -> wanted(p, inNetwork.get(p.id()))).toList();
        for (int from = 0; from < toMake.size(); from += budget.portsInACall()) {
            List<PortView> batch = toMake.subList(from, Math.min(toMake.size(), from + budget.portsInACall()));
            Optional<Slot> slot = budget.trySlot(node.cluster(), id);
            if (slot.isEmpty()) {
                return new Standing(ipam.ports(id), Outcome.again(aMoment()));
            }
            Slot held = slot.get();
            try (held) {
                make(node, network, batch);
            }
        }
        budget.noLongerWaiting(id);
        List<PortView> after = toMake.isEmpty() ? ports : ipam.ports(id);
        return new Standing(after, next(after, orphaned));
    }

    private Outcome next(List<PortView> ports, boolean orphaned) {
        boolean unfinished = ports.stream().anyMatch(p -> isNew(p.state()) || p.state() == PortState.DRAINING);
        if (unfinished) {
            return Outcome.again(aMoment());
        }
        if (ports.stream().anyMatch(p -> p.state() == PortState.FAILED)) {
            return Outcome.again(
                    orphaned && orphans.apart().compareTo(failedRetry) < 0 ? orphans.apart() : failedRetry);
        }
        return orphaned ? Outcome.again(orphans.apart()) : Outcome.DONE;
    }

    /** Apart, lest all who wait come back at once. */
    private static Duration aMoment() {
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(100, 300));
    }

    private static boolean isNew(PortState state) {
        return state == PortState.PLANNED || state == PortState.PROVISIONING;
    }

    private boolean wanted(PortView port, @Nullable SdnPort found) {
        if (isNew(port.state())) {
            return true;
        }
        if (!MADE.contains(port.state())) {
            return false;
        }
        boolean right = found != null
                && found.mac().equals(port.mac())
                && found.addresses().equals(addresses(port))
                && found.backendId().equals(port.backendId());
        return !right;
    }

    private static List<IpAddress> addresses(PortView port) {
        return port.addresses().stream().map(PortAddress::address).toList();
    }

    private void removeDraining(NodeId node, SdnBackend network, List<PortView> ports) {
        List<PortId> draining = ports.stream()
                .filter(p -> p.state() == PortState.DRAINING)
                .map(PortView::id)
                .toList();
        if (!draining.isEmpty()) {
            network.ports().delete(node, draining);
            ipam.remove(node, draining);
        }
    }

    private boolean sweep(NodeId node, SdnBackend network, Map<PortId, SdnPort> inNetwork, List<PortView> ports) {
        List<PortId> unknown = new ArrayList<>(inNetwork.keySet());
        unknown.removeAll(ports.stream().map(PortView::id).collect(toSet()));
        List<PortId> gone = orphans.again(node, unknown);
        if (!gone.isEmpty()) {
            network.ports().delete(node, gone);
            swept.increment(gone.size());
        }
        return unknown.size() > gone.size();
    }

    private void retryFailed(NodeId node, List<PortView> ports) {
        Instant before = Instant.now().minus(failedRetry);
        List<TransitionRequest.Item> due = ports.stream()
                .filter(p -> p.state() == PortState.FAILED && p.changedAt().isBefore(before))
                .map(p -> new TransitionRequest.Item(p.id(), null, null))
                .toList();
        if (!due.isEmpty()) {
            ipam.transition(node, new TransitionRequest(PortState.FAILED, PortState.PLANNED, due));
        }
    }

    private void make(Node node, SdnBackend network, List<PortView> batch) {
        List<TransitionRequest.Item> planned = batch.stream()
                .filter(p -> p.state() == PortState.PLANNED)
                .map(p -> new TransitionRequest.Item(p.id(), null, null))
                .toList();
        if (!planned.isEmpty()) {
            ipam.transition(node.id(), new TransitionRequest(PortState.PLANNED, PortState.PROVISIONING, planned));
        }
        List<TransitionRequest.Item> failed = new ArrayList<>();
        List<SdnPort> made = ensure(node, network, batch, failed);
        Map<PortId, PortState> states = batch.stream().collect(toMap(PortView::id, PortView::state));
        List<TransitionRequest.Item> free = new ArrayList<>();
        List<TransitionRequest.Item> faulty = new ArrayList<>();
        for (SdnPort port : made) {
            boolean isNew = isNew(Objects.requireNonNull(states.get(port.id())));
            if (port.fault() != null && isNew) {
                failed.add(new TransitionRequest.Item(port.id(), null, port.fault()));
            } else if (port.fault() != null) {
                faulty.add(new TransitionRequest.Item(port.id(), null, port.fault()));
            } else if (isNew) {
                free.add(new TransitionRequest.Item(port.id(), port.backendId(), null));
            } else {
                remade.increment();
            }
        }
        transition(node.id(), PortState.PROVISIONING, PortState.FREE, free);
        transition(node.id(), PortState.PROVISIONING, PortState.FAILED, failed);
        transition(node.id(), PortState.FREE, PortState.FAILED, faulty);
    }

    private void transition(NodeId node, PortState from, PortState to, List<TransitionRequest.Item> items) {
        if (!items.isEmpty()) {
            ipam.transition(node, new TransitionRequest(from, to, items));
        }
    }

    /** Where the network refuses a batch because of one of its ports, halves find out which. */
    private List<SdnPort> ensure(
            Node node, SdnBackend network, List<PortView> batch, List<TransitionRequest.Item> failed) {
        try {
            return network.ports()
                    .ensure(node.id(), batch.stream().map(p -> spec(node, p)).toList());
        } catch (Refused e) {
            if (e.reason() == Refused.Reason.NOT_FOUND || e.reason() == Refused.Reason.IN_USE) {
                throw e;
            }
            if (batch.size() == 1 || e.reason() != Refused.Reason.CONFLICT) {
                batch.forEach(p -> failed.add(new TransitionRequest.Item(p.id(), null, e.getMessage())));
                return List.of();
            }
            int half = batch.size() / 2;
            List<SdnPort> made = new ArrayList<>(ensure(node, network, batch.subList(0, half), failed));
            made.addAll(ensure(node, network, batch.subList(half, batch.size()), failed));
            return made;
        }
    }

    private static PortSpec spec(Node node, PortView port) {
        PortSpec.Nesting nesting = node.parentPort() == null || port.vlanTag() == null
                ? null
                : new PortSpec.Nesting(node.parentPort(), port.vlanTag(), PortSpec.Nesting.Way.TRUNK);
        return new PortSpec(port.id(), port.subnet(), port.mac(), addresses(port), nesting);
    }

    /** How a node's ports stand, and when to look again. */
    record Standing(List<PortView> ports, Outcome next) {
        boolean finished() {
            return ports.stream().noneMatch(p -> isNew(p.state()));
        }

        long ready() {
            return ports.stream().filter(p -> MADE.contains(p.state())).count();
        }

        Optional<String> failure() {
            List<PortView> failed =
                    ports.stream().filter(p -> p.state() == PortState.FAILED).toList();
            return failed.isEmpty()
                    ? Optional.empty()
                    : Optional.of("%d of %d ports failed, the first for this reason: %s"
                            .formatted(
                                    failed.size(),
                                    ports.size(),
                                    failed.getFirst().stateReason()));
        }
    }
}
