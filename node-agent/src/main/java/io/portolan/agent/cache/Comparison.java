package io.portolan.agent.cache;

import io.portolan.agent.cache.CachedPort.Released;
import io.portolan.agent.cache.CachedPort.State;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortReport.Kind;
import io.portolan.model.api.PortView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Holds the cache against the ledger's list. On this node the cache is right about who uses what, the ledger about whose a
 * port is. Nobody loses a port by it: what the ledger does not list goes back by way of a return, which it has to confirm,
 * or stays where it is in use and is not handed out again.
 */
final class Comparison {
    private final Change change;
    private final Leases.Look before;
    private final List<PortId> adopted = new ArrayList<>();
    private final List<PortId> returning = new ArrayList<>();
    private final List<PortId> strange = new ArrayList<>();
    private final List<PortId> reported = new ArrayList<>();

    Comparison(Change change, Leases.Look before) {
        this.change = change;
        this.before = before;
    }

    Leases.Difference with(List<PortView> ledger) {
        Set<PortId> listed = new HashSet<>();
        for (PortView view : ledger) {
            // A cooling port without an epoch is the ledger's own: the node gave it back before it had rested.
            if (view.leaseEpoch() != null) {
                listed.add(view.id());
                change.port(view.id()).ifPresentOrElse(port -> known(port, view), () -> unknown(view));
            }
        }
        for (CachedPort port : List.copyOf(change.ports().values())) {
            if (!listed.contains(port.id()) && mayBeJudged(port)) {
                unlisted(port);
            }
        }
        return new Leases.Difference(adopted, returning, strange, reported);
    }

    /** Nothing happened to it while the ledger was asked, and nothing that had happened before was still to be told. */
    private boolean mayBeJudged(CachedPort port) {
        return Objects.equals(before.revisions().get(port.id()), port.revision())
                && !before.unreported().contains(port.id());
    }

    private void unlisted(CachedPort port) {
        if (Leases.unused(port)) {
            change.update(port.in(State.RETURNING));
            returning.add(port.id());
        } else if (port.state() != State.RETURNING) {
            Leases.dispute(change, port);
            strange.add(port.id());
        }
    }

    private void known(CachedPort port, PortView view) {
        boolean judge = mayBeJudged(port);
        CachedPort settled = Leases.NOT_OURS.equals(port.disputed()) ? change.update(port.disputed(null)) : port;
        if (judge && settled.state() != State.RETURNING) {
            tellAgain(settled, view);
        }
    }

    /** Reports what leads from the ledger's picture of a port to ours. */
    private void tellAgain(CachedPort port, PortView view) {
        Optional<Attachment> holder = change.attachments().values().stream()
                .filter(one -> one.port().equals(port.id()))
                .findFirst();
        AttachmentKey ledgers = key(view);
        if (agrees(port, holder, view)) {
            return;
        }
        if (view.state() == PortState.BOUND) {
            change.report(Kind.RELEASED, port.id(), ledgers, view.pod());
        }
        if (view.state() != PortState.LEASED && port.state() != State.COOLING) {
            change.report(Kind.RESTED, port.id(), ledgers, null);
        }
        holder.ifPresent(one -> change.report(Kind.BOUND, port.id(), one.key(), one.pod()));
        reported.add(port.id());
    }

    private static boolean agrees(CachedPort port, Optional<Attachment> holder, PortView view) {
        return holder.map(one -> view.state() == PortState.BOUND && key(view).equals(one.key()))
                // Resting is this node's own affair: a port that is leased in the ledger may rest here.
                .orElseGet(() -> view.state() == PortState.LEASED || view.state() == stateInLedger(port.state()));
    }

    private static PortState stateInLedger(State state) {
        return switch (state) {
            case FREE, RETURNING -> PortState.LEASED;
            case BOUND -> PortState.BOUND;
            case COOLING -> PortState.COOLING;
        };
    }

    /** The cache was lost, or the answer to a claim: what the ledger knows is all there is, and its holder may live. */
    private void unknown(PortView view) {
        if (before.revisions().containsKey(view.id()) || view.backendId() == null) {
            return;
        }
        CachedPort port = CachedPort.leased(view);
        AttachmentKey key = key(view);
        switch (view.state()) {
            case LEASED -> change.add(port);
            case BOUND -> {
                if (change.attachment(key).isPresent()) {
                    return;
                }
                change.add(port.in(State.BOUND));
                change.attach(
                        new Attachment(UUID.randomUUID(), key, port.id(), "", view.pod(), change.now(), Map.of()));
            }
            case COOLING -> change.add(port.released(new Released(change.now(), change.uptime(), key)));
            default -> {
                return;
            }
        }
        adopted.add(view.id());
    }

    private static AttachmentKey key(PortView view) {
        return new AttachmentKey(
                Objects.requireNonNullElse(view.sandbox(), "-"),
                Objects.requireNonNullElse(view.networkInterface(), "-"));
    }
}
