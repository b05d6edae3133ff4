package io.portolan.topology.node;

import static java.util.stream.Collectors.toMap;

import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortView;
import io.portolan.model.api.TransitionRequest;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.trouble.Trouble;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes batches of a node's ports within one look.
 *
 * <p>Where the network refuses a batch for the sake of some of its ports, halves find out which. A quota or a block that is
 * used up is found once: the ports after it fail without a question.
 */
final class PortMaking {
    /** Reasons that are those of some ports and not of all. */
    private static final Set<Reason> OF_SOME = EnumSet.of(Reason.CONFLICT, Reason.QUOTA_EXCEEDED, Reason.NO_CAPACITY);

    private static final Set<Reason> USED_UP = EnumSet.of(Reason.QUOTA_EXCEEDED, Reason.NO_CAPACITY);

    private final NodePorts.Place place;
    private final IpamClient ipam;
    private final Set<PortId> notUp = new HashSet<>();
    private @Nullable Refused usedUp;
    private @Nullable String problem;
    private int remade;

    PortMaking(NodePorts.Place place, IpamClient ipam) {
        this.place = place;
        this.ipam = ipam;
    }

    /** Made, and not carrying traffic yet. */
    Set<PortId> notUp() {
        return notUp;
    }

    /** Of the last port that the network refused. */
    @Nullable String problem() {
        return problem;
    }

    int remade() {
        return remade;
    }

    void make(List<PortView> batch) {
        move(
                PortState.PLANNED,
                PortState.PROVISIONING,
                batch.stream()
                        .filter(p -> p.state() == PortState.PLANNED)
                        .map(p -> NodePorts.item(p.id(), null, null))
                        .toList());
        List<TransitionRequest.Item> failed = new ArrayList<>();
        List<SdnPort> made = ensure(batch, failed);
        Map<PortId, PortView> asked = batch.stream().collect(toMap(PortView::id, Function.identity()));
        List<TransitionRequest.Item> free = new ArrayList<>();
        Map<PortState, List<TransitionRequest.Item>> renamed = new EnumMap<>(PortState.class);
        for (SdnPort port : made) {
            PortView before = Objects.requireNonNull(asked.get(port.id()));
            if (!Standing.isNew(before.state())) {
                remade++;
                if (!port.backendId().equals(before.backendId()) && before.state() != PortState.FREE) {
                    renamed.computeIfAbsent(before.state(), state -> new ArrayList<>())
                            .add(NodePorts.item(port.id(), port.backendId(), null));
                }
            } else if (port.fault() != null) {
                failed.add(NodePorts.item(port.id(), null, port.fault()));
            } else if (port.ready()) {
                free.add(NodePorts.item(port.id(), port.backendId(), null));
            } else {
                notUp.add(port.id());
            }
        }
        move(PortState.PROVISIONING, PortState.FREE, free);
        move(PortState.PROVISIONING, PortState.FAILED, failed);
        renamed.forEach((state, items) -> move(state, state, items));
    }

    private void move(PortState from, PortState to, List<TransitionRequest.Item> items) {
        if (!items.isEmpty()) {
            ipam.transition(place.id(), new TransitionRequest(from, to, items));
        }
    }

    private List<SdnPort> ensure(List<PortView> batch, List<TransitionRequest.Item> failed) {
        Refused spent = usedUp;
        if (spent != null) {
            fail(batch, spent, failed);
            return List.of();
        }
        try {
            return place.network()
                    .ports()
                    .ensure(place.id(), batch.stream().map(place::spec).toList());
        } catch (Refused e) {
            if (!OF_SOME.contains(e.reason())) {
                throw e;
            }
            if (batch.size() == 1) {
                usedUp = USED_UP.contains(e.reason()) ? e : null;
                fail(batch, e, failed);
                return List.of();
            }
            int half = batch.size() / 2;
            List<SdnPort> made = new ArrayList<>(ensure(batch.subList(0, half), failed));
            made.addAll(ensure(batch.subList(half, batch.size()), failed));
            return made;
        }
    }

    private void fail(List<PortView> batch, Refused e, List<TransitionRequest.Item> failed) {
        problem = Trouble.problem(e.reason());
        batch.forEach(p -> failed.add(NodePorts.item(p.id(), null, e.getMessage())));
    }
}
