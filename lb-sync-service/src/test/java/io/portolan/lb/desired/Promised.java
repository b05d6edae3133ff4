package io.portolan.lb.desired;

import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What the seam to a network promises of listeners: who gets a packet. */
public final class Promised {
    private Promised() {}

    /** @param nodes by name */
    public static Verdict verdict(List<Listener> listeners, Packet packet, Map<String, NodeId> nodes) {
        Reach reach = packet.node() == null ? Reach.OUTSIDE : Reach.INSIDE;
        for (Listener listener : listeners) {
            boolean hit = listener.frontend().reach() == reach
                    && listener.frontend().address().toString().equals(packet.destination())
                    && listener.frontend().transport().name().equals(packet.protocol())
                    && listener.frontend().port() == packet.port();
            if (hit) {
                boolean admitted = listener.sources().isEmpty()
                        || listener.sources().stream()
                                .anyMatch(range -> range.contains(IpAddress.parse(packet.source())));
                if (!admitted) {
                    return new Verdict.Lost();
                }
                Set<String> some = listener.pool().members().stream()
                        .filter(member -> listener.spread() == Spread.ANYWHERE
                                || nodes.get(packet.node()).equals(member.node()))
                        .map(member -> member.address() + ":" + member.port())
                        .collect(Collectors.toSet());
                return !some.isEmpty()
                        ? new Verdict.Balanced(some)
                        : listener.onEmpty() == OnEmpty.REFUSE ? new Verdict.Refused() : new Verdict.Lost();
            }
        }
        return new Verdict.Passed();
    }
}
