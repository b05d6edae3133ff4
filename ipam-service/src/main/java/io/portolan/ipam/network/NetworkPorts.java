package io.portolan.ipam.network;

import io.portolan.ipam.edge.Given;
import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.ipam.port.Ports;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.TransitionRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Moves ports as the network says. A port that is not in the state it is to come from is left alone. */
@Component
final class NetworkPorts {
    private static final int MOST = 4_096;
    private static final int LONGEST_ID = 253;
    private static final int LONGEST_REASON = 2_000;

    private static final Map<PortState, Set<PortState>> ALLOWED = Map.of(
            PortState.PLANNED, Set.of(PortState.PROVISIONING),
            PortState.PROVISIONING, Set.of(PortState.FREE, PortState.FAILED, PortState.PLANNED),
            PortState.FREE, Set.of(PortState.FAILED, PortState.PROVISIONING),
            PortState.LEASED, Set.of(PortState.LEASED),
            PortState.BOUND, Set.of(PortState.BOUND),
            PortState.COOLING, Set.of(PortState.COOLING),
            PortState.FAILED, Set.of(PortState.PLANNED));

    private final LedgerTransactions transactions;
    private final Topology topology;
    private final Ports ports;
    private final NetworkRepository network;

    NetworkPorts(LedgerTransactions transactions, Topology topology, Ports ports, NetworkRepository network) {
        this.transactions = transactions;
        this.topology = topology;
        this.ports = ports;
        this.network = network;
    }

    PortsChanged move(NodeId node, TransitionRequest request) {
        check(request);
        List<PortId> asked =
                request.ports().stream().map(TransitionRequest.Item::port).toList();
        UUID[] ids = ids(asked);
        String[] backendIds = request.ports().stream()
                .map(item -> Objects.requireNonNullElse(item.backendId(), ""))
                .toArray(String[]::new);
        String[] reasons = request.ports().stream()
                .map(item -> Objects.requireNonNullElse(item.reason(), ""))
                .toArray(String[]::new);
        return transactions.run(() -> {
            topology.node(node);
            network.move(node.value(), request.from().text(), request.to().text(), ids, backendIds, reasons);
            Set<UUID> there =
                    new HashSet<>(network.inState(node.value(), request.to().text(), ids));
            return new PortsChanged(
                    asked.stream().filter(port -> there.contains(port.value())).toList());
        });
    }

    private static void check(TransitionRequest request) {
        if (!ALLOWED.getOrDefault(request.from(), Set.of()).contains(request.to())) {
            throw new NetworkRefused.NoSuchTransition(request.from(), request.to());
        }
        Invalid.unlessBetween("ports", request.ports().size(), 0, MOST);
        for (int i = 0; i < request.ports().size(); i++) {
            TransitionRequest.Item item = request.ports().get(i);
            Given.words("ports[%d].backendId".formatted(i), item.backendId(), LONGEST_ID);
            Given.words("ports[%d].reason".formatted(i), item.reason(), LONGEST_REASON);
            boolean made = request.to() == PortState.FREE || request.to() == request.from();
            if (made && blank(item.backendId())) {
                throw new Invalid(
                        "ports[%d].backendId".formatted(i), "a port that was made has an id in the network: backendId");
            }
            if (request.to() == PortState.FAILED && blank(item.reason())) {
                throw new Invalid("ports[%d].reason".formatted(i), "a port that failed says why: reason");
            }
        }
    }

    PortsChanged nest(NodeId node) {
        return transactions.run(() -> {
            String parent = topology.node(node).parentPort();
            return new PortsChanged(
                    parent == null
                            ? List.of()
                            : network.nest(node.value(), parent).stream()
                                    .map(PortId::new)
                                    .toList());
        });
    }

    private static boolean blank(@Nullable String text) {
        return text == null || text.isBlank();
    }

    PortsChanged remove(NodeId node, RemovalRequest request) {
        Invalid.unlessBetween("ports", request.ports().size(), 0, MOST);
        UUID[] ids = ids(request.ports());
        return transactions.run(() -> {
            network.remove(node.value(), ids);
            Set<UUID> left = new HashSet<>(network.existing(node.value(), ids));
            return new PortsChanged(request.ports().stream()
                    .filter(port -> !left.contains(port.value()))
                    .toList());
        });
    }

    PortCounts drain(NodeId node, DrainRequest request) {
        return transactions.run(() -> {
            topology.node(node);
            network.drain(node.value(), request.force());
            return ports.countsOf(node);
        });
    }

    private static UUID[] ids(List<PortId> ports) {
        return ports.stream().map(PortId::value).toArray(UUID[]::new);
    }
}
