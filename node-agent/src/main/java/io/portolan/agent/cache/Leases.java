package io.portolan.agent.cache;

import io.portolan.agent.cache.CachedPort.State;
import io.portolan.agent.cache.NodeRecord.PendingClaim;
import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The cache's side of what it agrees with the ledger: which ports this node holds. The ledger never takes a port back by
 * itself: the node first marks it as returning, durably, then tells the ledger, then forgets it.
 */
public final class Leases {
    static final Duration COOLDOWN_UNTIL_REGISTERED = Duration.ofSeconds(30);

    /** Why a port that the ledger does not count as this node's is not handed out. */
    static final String NOT_OURS = "the ledger does not count it as this node's";

    /**
     * What the cache held before the ledger was asked: only ports that have not changed since may be judged by its answer.
     */
    public record Look(Map<PortId, Long> revisions, Set<PortId> unreported) {}

    /**
     * What a comparison with the ledger brought.
     *
     * @param adopted ports that the ledger counts as this node's, and that were not in the cache
     * @param returning unused ports that the ledger does not count as this node's
     * @param strange ports in use that the ledger does not count as this node's
     * @param reported ports of which the ledger has a wrong picture; they were reported again
     */
    public record Difference(
            List<PortId> adopted, List<PortId> returning, List<PortId> strange, List<PortId> reported) {
        public Difference {
            adopted = List.copyOf(adopted);
            returning = List.copyOf(returning);
            strange = List.copyOf(strange);
            reported = List.copyOf(reported);
        }

        public boolean isEmpty() {
            return adopted.isEmpty() && returning.isEmpty() && strange.isEmpty() && reported.isEmpty();
        }
    }

    private final CacheStore store;

    /** By the last registration's answer; until there is one, none is. */
    private final AtomicReference<Set<SubnetId>> offered = new AtomicReference<>(Set.of());

    Leases(CacheStore store) {
        this.store = store;
    }

    /**
     * Subnets that this node is asked to do without: pods get their ports last, and idle ones go back. That is the consent;
     * nobody but this node gives them back.
     */
    public void offered(Set<SubnetId> subnets) {
        offered.set(Set.copyOf(subnets));
    }

    public boolean isOffered(CachedPort port) {
        return offered.get().contains(port.subnet());
    }

    /** Keeps the answer. If the node is another one now, nothing that is cached is handed out until the ledger is asked. */
    public Registration registered(NodeView answer) {
        Registration next = Registration.of(answer);
        boolean another = store.view()
                .node()
                .registration()
                .filter(known -> !known.id().equals(next.id()))
                .isPresent();
        return store.write(another, change -> {
            if (another) {
                List.copyOf(change.ports().values()).forEach(port -> dispute(change, port));
                change.node(change.node().claiming(Optional.empty()));
            }
            change.node(change.node().registered(next));
            return next;
        });
    }

    /** The node is being taken down: it keeps its epoch, and gives back what no pod has. */
    public void draining() {
        store.write(false, change -> {
            change.node()
                    .registration()
                    .ifPresent(known -> change.node(change.node().registered(known.drained())));
            return true;
        });
    }

    /** Another machine has this node's name: no pod gets a port here before a registration succeeds. */
    public void fence(String why) {
        store.write(true, change -> {
            if (change.node().registration().isPresent()) {
                change.node(change.node().fencedBy(why));
            }
            return true;
        });
    }

    /** The claim to send: the one whose answer is missing, else a new one. It is durable before it is sent. */
    public PendingClaim claim(int count) {
        return store.write(
                true,
                change -> change.node().claim().orElseGet(() -> {
                    PendingClaim claim = new PendingClaim(UUID.randomUUID(), count);
                    change.node(change.node().claiming(Optional.of(claim)));
                    return claim;
                }));
    }

    /** The claim was refused and leased nothing. */
    public void refused(PendingClaim claim) {
        store.write(false, change -> {
            settle(change, claim);
            return true;
        });
    }

    /** The claim's answer; what was leased is offered no more. Durable when it returns, and only then are the ports handed out. */
    public List<PortId> leased(PendingClaim claim, List<PortView> ports) {
        Set<SubnetId> live = ports.stream().map(PortView::subnet).collect(Collectors.toSet());
        offered.updateAndGet(before ->
                before.stream().filter(subnet -> !live.contains(subnet)).collect(Collectors.toSet()));
        return store.write(true, change -> {
            settle(change, claim);
            List<PortId> added = new ArrayList<>();
            for (PortView view : ports) {
                Optional<CachedPort> known = change.port(view.id());
                known.filter(port -> NOT_OURS.equals(port.disputed()))
                        .ifPresent(port -> change.update(port.disputed(null)));
                if (known.isEmpty()) {
                    change.add(CachedPort.leased(view));
                    added.add(view.id());
                }
            }
            return added;
        });
    }

    private static void settle(Change change, PendingClaim claim) {
        if (change.node().claim().equals(Optional.of(claim))) {
            change.node(change.node().claiming(Optional.empty()));
        }
    }

    /** As {@link #giveBack(Collection, Predicate)}, of ports that may be open. */
    public List<PortId> giveBack(Collection<PortId> ports) {
        return giveBack(ports, port -> true);
    }

    /**
     * Marks unused ports as returning, durably. The ones that are in use by now are left alone, and those of which the
     * ledger has not heard everything: it would refuse the rest of the story.
     *
     * @param fit whether a port may go back as it is
     * @return those that are returning now
     */
    public List<PortId> giveBack(Collection<PortId> ports, Predicate<CachedPort> fit) {
        return store.write(true, change -> {
            List<PortId> marked = new ArrayList<>();
            for (PortId id : ports) {
                change.port(id)
                        .filter(port -> unused(port) && fit.test(port) && !change.isUnreported(id))
                        .ifPresent(port -> {
                            change.update(port.in(State.RETURNING));
                            marked.add(id);
                        });
            }
            return marked;
        });
    }

    /** Unused ports: those a pod could have, and those that only the ledger disputes. */
    public List<CachedPort> idle() {
        return store.view().ports().values().stream().filter(Leases::unused).toList();
    }

    static boolean unused(CachedPort port) {
        return port.available() || (port.state() == State.FREE && NOT_OURS.equals(port.disputed()));
    }

    /** Ports whose return the ledger has not confirmed. */
    public List<PortId> returning() {
        return store.view().ports().values().stream()
                .filter(port -> port.state() == State.RETURNING)
                .map(CachedPort::id)
                .sorted()
                .toList();
    }

    /** The ledger no longer counts these as the node's, and keeps counting those. */
    public void returned(Collection<PortId> gone, Collection<PortId> kept) {
        store.write(false, change -> {
            returning(change, gone).forEach(port -> change.remove(port.id()));
            returning(change, kept).forEach(port -> change.update(port.in(State.FREE)));
            return true;
        });
    }

    private static List<CachedPort> returning(Change change, Collection<PortId> ids) {
        return ids.stream()
                .flatMap(id -> change.port(id).stream())
                .filter(port -> port.state() == State.RETURNING)
                .toList();
    }

    /** To be taken before the ledger is asked for the node's ports. */
    public Look look() {
        CacheView view = store.view();
        return new Look(
                view.ports().values().stream().collect(Collectors.toMap(CachedPort::id, CachedPort::revision)),
                view.outbox().stream().map(queued -> queued.report().port()).collect(Collectors.toSet()));
    }

    /**
     * Compares with all ports of this node that the ledger has as leased, bound or cooling. No claim and no return may be
     * under way meanwhile.
     */
    public Difference compare(Look before, List<PortView> ledger) {
        return store.write(true, change -> new Comparison(change, before).with(ledger));
    }

    static void dispute(Change change, CachedPort port) {
        if (port.disputed() == null) {
            change.update(port.disputed(NOT_OURS));
        }
    }
}
