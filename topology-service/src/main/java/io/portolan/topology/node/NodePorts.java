package io.portolan.topology.node;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortView;
import io.portolan.model.api.TransitionRequest;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.network.Bulks;
import io.portolan.topology.network.CreationBudget;
import io.portolan.topology.network.CreationBudget.Slot;
import io.portolan.topology.settings.TopologyProperties;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Makes a node's ports in the network what ipam-service says that they are.
 *
 * <p>A free port that the network lost, changed or took off the air becomes <em>provisioning</em> first, in the one statement
 * that names <em>free</em>: from then on no claim gets it, and it comes back when it is well. One that a node holds is mended
 * where it is.
 */
@Component
final class NodePorts {
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);

    /**
     * Where ports are made.
     *
     * @param cloud the cloud that bears the calls, where it is one
     * @param turn the right to make ports, where it was taken already
     */
    record Place(Node node, Cluster cluster, SdnBackend network, Optional<String> cloud, Optional<Slot> turn) {
        NodeId id() {
            return node.id();
        }

        PortSpec spec(PortView port) {
            String vm = node.parentPort();
            PortSpec.Nesting nesting = vm == null || port.vlanTag() == null
                    ? null
                    : new PortSpec.Nesting(vm, port.vlanTag(), cluster.nesting().orElse(PortSpec.Nesting.Way.TRUNK));
            return new PortSpec(port.id(), port.subnet(), port.mac(), PortSurvey.addresses(port), nesting);
        }
    }

    /** @param ports that were not up at the last look */
    private record Pause(Set<PortId> ports, Duration length) {}

    private final IpamClient ipam;
    private final CreationBudget budget;
    private final TwoLooks orphans;
    private final Fillings fillings;
    private final Duration failedRetry;
    private final Map<NodeId, Pause> waits = new ConcurrentHashMap<>();
    private final Counter remade;
    private final Counter swept;

    NodePorts(
            IpamClient ipam,
            CreationBudget budget,
            TwoLooks orphans,
            Fillings fillings,
            TopologyProperties properties,
            MeterRegistry meters) {
        this.ipam = ipam;
        this.budget = budget;
        this.orphans = orphans;
        this.fillings = fillings;
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
    Standing look(Place place, List<SdnPort> found) {
        NodeId id = place.id();
        Map<PortId, SdnPort> inNetwork = found.stream().collect(toMap(SdnPort::id, Function.identity()));
        List<PortView> ports = ipam.ports(id);
        boolean changed = removeDraining(id, place.network(), ports);
        boolean orphaned = sweep(id, place.network(), inNetwork, ports);
        changed |= retryFailed(id, ports);
        PortSurvey first = new PortSurvey(ports, inNetwork, place::spec);
        changed |= !first.astray().isEmpty();
        PortSurvey survey = takenOut(first, place, inNetwork);
        changed |= move(
                id,
                PortState.PROVISIONING,
                PortState.FREE,
                survey.up().stream()
                        .map(p -> item(p.id(), backendId(survey.found(p)), null))
                        .toList());
        PortMaking making = new PortMaking(place, ipam);
        survey.notUp().forEach(p -> making.notUp().add(p.id()));
        List<PortView> toMake = survey.toMake();
        Optional<Outcome> early = toMake.isEmpty() ? Optional.empty() : make(place, making, toMake);
        remade.increment(making.remade());
        if (early.isEmpty()) {
            budget.noLongerWaiting(id);
        }
        changed |= !toMake.isEmpty();
        List<PortView> after = changed ? ipam.ports(id) : ports;
        Set<PortId> notUp = after.stream()
                .filter(p -> p.state() == PortState.PROVISIONING)
                .map(PortView::id)
                .filter(making.notUp()::contains)
                .collect(toSet());
        return new Standing(after, notUp, making.problem(), early.orElseGet(() -> next(id, after, notUp, orphaned)));
    }

    private PortSurvey takenOut(PortSurvey survey, Place place, Map<PortId, SdnPort> inNetwork) {
        List<PortView> astray = survey.astray();
        if (astray.isEmpty()) {
            return survey;
        }
        remade.increment(survey.lost());
        move(
                place.id(),
                PortState.FREE,
                PortState.PROVISIONING,
                astray.stream().map(p -> item(p.id(), null, null)).toList());
        return new PortSurvey(ipam.ports(place.id()), inNetwork, place::spec);
    }

    /** @return when to go on, where not all were made */
    private Optional<Outcome> make(Place place, PortMaking making, List<PortView> toMake) {
        long start = System.nanoTime();
        int bulk = place.network().ports().bulk();
        int done = 0;
        while (done < toMake.size()) {
            int size = Math.min(toMake.size() - done, budget.portsInACall(place.cloud(), bulk));
            List<PortView> batch = toMake.subList(done, done + size);
            if (place.turn().isPresent()) {
                making.make(batch);
            } else {
                Optional<Slot> slot = budget.trySlot(place.cluster().id(), place.cloud(), place.id());
                if (slot.isEmpty()) {
                    return Optional.of(Outcome.again(budget.apart()));
                }
                Slot held = slot.get();
                try (held) {
                    making.make(batch);
                }
            }
            budget.took(place.cloud());
            done += size;
            if (done < toMake.size()) {
                fillings.say(place.node());
                if (place.cloud().isPresent()
                        && System.nanoTime() - start > budget.round().toNanos()) {
                    return Optional.of(Outcome.again(budget.politely()));
                }
            }
        }
        return Optional.empty();
    }

    private Outcome next(NodeId node, List<PortView> ports, Set<PortId> notUp, boolean orphaned) {
        Duration wait = waitFor(node, notUp);
        boolean unfinished = ports.stream()
                .anyMatch(
                        p -> (Standing.isNew(p.state()) && !notUp.contains(p.id())) || p.state() == PortState.DRAINING);
        if (unfinished) {
            return Outcome.again(aMoment());
        }
        if (!notUp.isEmpty()) {
            return Outcome.again(wait);
        }
        if (ports.stream().anyMatch(p -> p.state() == PortState.FAILED)) {
            return Outcome.again(
                    orphaned && orphans.apart().compareTo(failedRetry) < 0 ? orphans.apart() : failedRetry);
        }
        return orphaned ? Outcome.again(orphans.apart()) : Outcome.DONE;
    }

    /** Twice as long as the last time, unless some came up since. */
    private Duration waitFor(NodeId node, Set<PortId> notUp) {
        if (notUp.isEmpty()) {
            waits.remove(node);
            return FIRST_WAIT;
        }
        Pause last = waits.get(node);
        Duration wait = last == null || !notUp.containsAll(last.ports())
                ? FIRST_WAIT
                : last.length().multipliedBy(2);
        Duration bounded = wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
        waits.put(node, new Pause(Set.copyOf(notUp), bounded));
        return bounded;
    }

    /** Apart, lest all who wait come back at once. */
    private static Duration aMoment() {
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(100, 300));
    }

    /** These three say whether they changed anything in the ledger. */
    private boolean removeDraining(NodeId node, SdnBackend network, List<PortView> ports) {
        List<PortId> draining = ports.stream()
                .filter(p -> p.state() == PortState.DRAINING)
                .map(PortView::id)
                .toList();
        for (List<PortId> some : Bulks.of(draining, network.ports().bulk())) {
            network.ports().delete(node, some);
            ipam.remove(node, some);
        }
        return !draining.isEmpty();
    }

    private boolean sweep(NodeId node, SdnBackend network, Map<PortId, SdnPort> inNetwork, List<PortView> ports) {
        Set<PortId> unknown = new HashSet<>(inNetwork.keySet());
        ports.forEach(p -> unknown.remove(p.id()));
        List<PortId> gone = orphans.again(node, unknown);
        for (List<PortId> some : Bulks.of(gone, network.ports().bulk())) {
            network.ports().delete(node, some);
            swept.increment(some.size());
        }
        return unknown.size() > gone.size();
    }

    private boolean retryFailed(NodeId node, List<PortView> ports) {
        Instant before = Instant.now().minus(failedRetry);
        return move(
                node,
                PortState.FAILED,
                PortState.PLANNED,
                ports.stream()
                        .filter(p ->
                                p.state() == PortState.FAILED && p.changedAt().isBefore(before))
                        .map(p -> item(p.id(), null, null))
                        .toList());
    }

    private boolean move(NodeId node, PortState from, PortState to, List<TransitionRequest.Item> items) {
        if (!items.isEmpty()) {
            ipam.transition(node, new TransitionRequest(from, to, items));
        }
        return !items.isEmpty();
    }

    static TransitionRequest.Item item(PortId port, @Nullable String backendId, @Nullable String reason) {
        return new TransitionRequest.Item(port, backendId, reason);
    }

    private static @Nullable String backendId(@Nullable SdnPort found) {
        return found == null ? null : found.backendId();
    }

    /** For a node that is gone. */
    void forget(NodeId node) {
        waits.remove(node);
        budget.noLongerWaiting(node);
    }
}
