package io.portolan.ipam.claim;

import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.ipam.port.PortRow;
import io.portolan.ipam.port.Ports;
import io.portolan.ipam.topology.Node;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Leases ports to a node's cache and takes them back. */
@Component
final class Claims {
    private static final int MOST_CLAIMED = 256;
    private static final int MOST_RELEASED = 1_024;

    private final LedgerTransactions transactions;
    private final Topology topology;
    private final Ports ports;
    private final ClaimRepository claims;

    Claims(LedgerTransactions transactions, Topology topology, Ports ports, ClaimRepository claims) {
        this.transactions = transactions;
        this.topology = topology;
        this.ports = ports;
        this.claims = claims;
    }

    ClaimAnswer claim(NodeId node, ClaimRequest request) {
        Invalid.unlessBetween("count", request.count(), 1, MOST_CLAIMED);
        List<PortRow> leased = transactions.run(() -> lease(node.value(), request));
        if (leased.isEmpty()) {
            throw refusal(node, request.epoch());
        }
        return new ClaimAnswer(leased.stream().map(PortRow::view).toList());
    }

    private List<PortRow> lease(UUID node, ClaimRequest request) {
        claims.lock("claim " + request.claim());
        List<PortRow> again = claims.leasedBy(node, request.epoch(), request.claim());
        if (!again.isEmpty()) {
            return again;
        }
        List<PortRow> leased = leaseNew(node, request);
        return leased.isEmpty() && claims.refuseOffers(node, request.epoch()) > 0 ? leaseNew(node, request) : leased;
    }

    private List<PortRow> leaseNew(UUID node, ClaimRequest request) {
        List<PortRow> leased = claims.lease(node, request.epoch(), request.claim(), request.count());
        return leased.isEmpty() ? claims.leaseWaiting(node, request.epoch(), request.claim(), request.count()) : leased;
    }

    private ClaimRefused refusal(NodeId id, long epoch) {
        Node node = topology.fenced(id, epoch);
        PortCounts counts = ports.countsOf(id);
        boolean stillMade = counts.planned() + counts.provisioning() > 0 || counts.all() == 0;
        return !node.isReady() || stillMade
                ? new ClaimRefused.NodeNotReady(node, counts)
                : new ClaimRefused.NoFreePort(node, counts);
    }

    ReleaseAnswer release(NodeId node, ReleaseRequest request) {
        Invalid.unlessBetween("ports", request.ports().size(), 0, MOST_RELEASED);
        UUID[] asked = request.ports().stream().map(PortId::value).toArray(UUID[]::new);
        return transactions.run(() -> {
            topology.fenced(node, request.epoch());
            claims.release(node.value(), request.epoch(), asked);
            Set<UUID> held = new HashSet<>(claims.held(node.value(), asked));
            return new ReleaseAnswer(request.ports().stream()
                    .filter(port -> !held.contains(port.value()))
                    .toList());
        });
    }
}
