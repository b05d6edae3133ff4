package io.portolan.topology.audit;

import io.portolan.model.IpAddress;
import io.portolan.model.api.CacheReport;
import io.portolan.sdn.PortSpec.Nesting;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.audit.AuditRepository.NodeRow;
import io.portolan.topology.audit.AuditRepository.PortRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the four say of one node's ports at one look, and in what they disagree. A side that was not read is null, and held
 * against nothing.
 */
final class Sides {
    private static final Set<String> MADE = Set.of("free", "leased", "bound", "cooling");
    private static final Set<String> NOBODYS = Set.of("planned", "provisioning", "free");
    private static final String NOT_THERE = "has no such port";
    private static final String BOUND = "bound";

    private final NodeRow node;
    private final @Nullable Map<UUID, SdnPort> network;
    private final @Nullable Map<String, Binding> bindings;
    private final @Nullable Map<UUID, CacheReport.Item> cache;
    private final Map<UUID, UUID> holders;
    private final List<Disagreement> found = new ArrayList<>();

    /** @param holders which node holds which port, of the nodes looked at so far; this one's are added */
    Sides(
            NodeRow node,
            @Nullable Map<UUID, SdnPort> network,
            @Nullable Map<String, Binding> bindings,
            @Nullable Map<UUID, CacheReport.Item> cache,
            Map<UUID, UUID> holders) {
        this.node = node;
        this.network = network;
        this.bindings = bindings;
        this.cache = cache;
        this.holders = holders;
    }

    /** @param hasSwitch whether the node has one in the network, as far as that was read */
    List<Disagreement> compare(List<PortRow> ledger, boolean hasSwitch) {
        Set<UUID> known = new HashSet<>();
        for (PortRow port : ledger) {
            known.add(port.getId());
            if (port.getSettled()) {
                if (hasSwitch) {
                    withNetwork(port);
                }
                withBindings(port);
                withCache(port);
            }
        }
        unknownInNetwork(known);
        unknownInCache(ledger);
        return found;
    }

    private void withNetwork(PortRow port) {
        if (network == null || !MADE.contains(port.getState())) {
            return;
        }
        SdnPort there = network.get(port.getId());
        if (there == null) {
            say(Kind.MISSING_IN_NETWORK, port);
        } else if (!isRight(port, there)) {
            say(Kind.DIFFERS_IN_NETWORK, port);
        }
    }

    private static boolean isRight(PortRow port, SdnPort there) {
        Nesting nesting = there.nesting();
        return there.fault() == null
                && there.mac().toString().equals(port.getMac())
                && there.addresses().stream().map(IpAddress::toString).toList().equals(List.of(port.getIp()))
                && Objects.equals(port.getParent(), nesting == null ? null : nesting.parentPort())
                && Objects.equals(
                        port.getTag(), nesting == null ? null : nesting.tag().id())
                && there.backendId().equals(port.getBackend());
    }

    private void withBindings(PortRow port) {
        if (bindings == null) {
            return;
        }
        Binding binding = bindings.get(String.valueOf(port.getBackend()));
        String chassis = binding == null ? null : binding.chassis();
        if (chassis != null && !chassis.equals(node.getChassis())) {
            say(Kind.BOUND_ELSEWHERE, port);
        } else if (chassis != null && NOBODYS.contains(port.getState())) {
            say(Kind.BOUND_UNHELD, port);
        } else if (port.getState().equals(BOUND) && (binding == null || !binding.up())) {
            say(Kind.NOT_BOUND, port);
        }
    }

    private void withCache(PortRow port) {
        if (cache == null || !port.getToldOf()) {
            return;
        }
        CacheReport.Item held = cache.get(port.getId());
        if (held == null) {
            if (port.getHeld()) {
                say(Kind.LEASE_UNKNOWN, port);
            }
        } else if (port.getHeld() && !isGoing(held)) {
            boolean usedThere = held.sandbox() != null;
            boolean usedHere = port.getState().equals(BOUND);
            if (usedHere != usedThere || isAtRestInTheLedgerOnly(port, held)) {
                say(Kind.USE_DIFFERS, port);
            } else if (usedHere && !isSameSandbox(port, held)) {
                say(Kind.SANDBOX_DIFFERS, port);
            }
        }
    }

    /** Resting is the node's own affair: a port on lease may rest there. */
    private static boolean isAtRestInTheLedgerOnly(PortRow port, CacheReport.Item held) {
        return port.getState().equals("cooling") && !held.state().equals("cooling");
    }

    private static boolean isSameSandbox(PortRow port, CacheReport.Item held) {
        return Objects.equals(port.getSandbox(), held.sandbox())
                && Objects.equals(port.getInterface(), held.networkInterface());
    }

    /** On its way back to the ledger, which may have it already. */
    private static boolean isGoing(CacheReport.Item held) {
        return held.state().equals("returning");
    }

    private void unknownInNetwork(Set<UUID> known) {
        if (network != null) {
            network.forEach((id, port) -> {
                if (!known.contains(id)) {
                    String ip = port.addresses().stream()
                            .findFirst()
                            .map(IpAddress::toString)
                            .orElse(null);
                    found.add(new Disagreement(
                            Kind.UNKNOWN_TO_LEDGER,
                            id,
                            node.getId(),
                            id,
                            ip,
                            new Says(
                                    NOT_THERE,
                                    words(port),
                                    binding(port.backendId()),
                                    cache == null ? null : held(id))));
                }
            });
        }
    }

    private void unknownInCache(List<PortRow> ledger) {
        if (cache == null) {
            return;
        }
        Map<UUID, PortRow> rows = new HashMap<>();
        ledger.forEach(port -> rows.put(port.getId(), port));
        for (CacheReport.Item held : cache.values()) {
            UUID id = held.port().value();
            PortRow port = rows.get(id);
            UUID other = holders.putIfAbsent(id, node.getId());
            if (other != null && !other.equals(node.getId())) {
                found.add(new Disagreement(
                        Kind.HELD_TWICE,
                        id,
                        node.getId(),
                        id,
                        port == null ? null : port.getIp(),
                        new Says(
                                port == null ? "is not of this node" : words(port),
                                null,
                                null,
                                "%s; held by node %s, too".formatted(held(id), other))));
            } else if (!isGoing(held) && port == null) {
                found.add(new Disagreement(
                        Kind.HELD_UNKNOWN, id, node.getId(), id, null, new Says(NOT_THERE, null, null, held(id))));
            } else if (!isGoing(held) && port != null && !port.getHeld() && port.getSettled() && port.getToldOf()) {
                say(Kind.HELD_UNKNOWN, port);
            }
        }
    }

    private void say(Kind kind, PortRow port) {
        SdnPort there = network == null ? null : network.get(port.getId());
        found.add(new Disagreement(
                kind,
                port.getId(),
                node.getId(),
                port.getId(),
                port.getIp(),
                new Says(
                        words(port),
                        network == null ? null : there == null ? NOT_THERE : words(there),
                        binding(port.getBackend()),
                        cache == null ? null : held(port.getId()))));
    }

    private static String words(PortRow port) {
        String vm = port.getParent() == null ? "" : " in VM %s with tag %s".formatted(port.getParent(), port.getTag());
        String who = port.getSandbox() == null ? "" : " to %s/%s".formatted(port.getSandbox(), port.getInterface());
        return "%s%s, %s %s%s".formatted(port.getState(), who, port.getIp(), port.getMac(), vm);
    }

    private static String words(SdnPort port) {
        Nesting nesting = port.nesting();
        String vm = nesting == null
                ? ""
                : " in VM %s with tag %s"
                        .formatted(nesting.parentPort(), nesting.tag().id());
        String fault = port.fault() == null ? "" : ", " + port.fault();
        return port.addresses().stream().map(IpAddress::toString).collect(Collectors.joining(" ")) + " " + port.mac()
                + vm + fault;
    }

    private @Nullable String binding(@Nullable String backend) {
        if (bindings == null) {
            return null;
        }
        Binding binding = bindings.get(String.valueOf(backend));
        if (binding == null) {
            return "bound to nothing";
        }
        String where = binding.chassis() == null ? "" : "bound at " + binding.chassis() + ", ";
        return where + (binding.up() ? "up" : "down");
    }

    private String held(UUID port) {
        CacheReport.Item held = Objects.requireNonNull(cache).get(port);
        if (held == null) {
            return "does not hold it";
        }
        return held.sandbox() == null
                ? held.state()
                : "%s to %s/%s".formatted(held.state(), held.sandbox(), held.networkInterface());
    }
}
