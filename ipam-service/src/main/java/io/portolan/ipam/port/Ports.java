package io.portolan.ipam.port;

import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Reads ports. A page's cursor is the last address of the page before: pages stay right while ports come and go. */
@Component
public final class Ports {
    static final int MOST = 1_024;

    private final Topology topology;
    private final PortRepository ports;

    Ports(Topology topology, PortRepository ports) {
        this.topology = topology;
        this.ports = ports;
    }

    PortView find(PortId id) {
        return ports.find(id.value())
                .orElseThrow(() -> new PortRefused.UnknownPort(id))
                .view();
    }

    PortPage ofNode(NodeId node, @Nullable PortState state, @Nullable String cursor, int limit) {
        topology.node(node);
        String after = after(cursor, limit);
        return page(ports.ofNode(node.value(), text(state), after, limit + 1), limit);
    }

    PortPage ofCluster(ClusterName cluster, @Nullable PortState state, @Nullable String cursor, int limit) {
        String after = after(cursor, limit);
        return page(ports.ofCluster(topology.cluster(cluster).id().value(), text(state), after, limit + 1), limit);
    }

    public Optional<PortView> withAddress(ClusterId cluster, IpAddress ip) {
        return ports.withAddress(cluster.value(), ip.toString()).map(PortRow::view);
    }

    public PortCounts countsOf(NodeId node) {
        return ports.countsOfNode(node.value()).counts();
    }

    private static String text(@Nullable PortState state) {
        return state == null ? "" : state.text();
    }

    private static String after(@Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        if (cursor == null) {
            return "";
        }
        try {
            return IpAddress.parse(cursor).toString();
        } catch (Malformed e) {
            throw new Invalid("cursor", "'cursor' is not the next of an earlier page");
        }
    }

    private static PortPage page(List<PortRow> rows, int limit) {
        List<PortView> views = rows.stream().limit(limit).map(PortRow::view).toList();
        return new PortPage(
                views,
                rows.size() > limit
                        ? views.getLast().addresses().getFirst().address().toString()
                        : null);
    }
}
