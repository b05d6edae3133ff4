package io.portolan.ipam.history;

import io.portolan.ipam.port.Ports;
import io.portolan.ipam.topology.Cluster;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Answers who has an address, and who had it. */
@Component
final class History {
    private static final int MOST = 1_024;
    private static final Instant EVER = Instant.parse("2000-01-01T00:00:00Z");
    private static final Instant FOREVER = Instant.parse("2999-12-31T00:00:00Z");

    /** Where a page ended. */
    private record Cursor(Instant at, long revision) {
        private static final Cursor START = new Cursor(FOREVER, Long.MAX_VALUE);

        private static Cursor parse(String text) {
            int mark = text.lastIndexOf('_');
            try {
                return new Cursor(
                        within(Instant.parse(text.substring(0, Math.max(0, mark)))),
                        Long.parseLong(text.substring(mark + 1)));
            } catch (DateTimeException | NumberFormatException e) {
                throw new Invalid("cursor", "cursor is not the next of an earlier page");
            }
        }

        @Override
        public String toString() {
            return at + "_" + revision;
        }
    }

    private final Topology topology;
    private final Ports ports;
    private final HistoryRepository events;

    History(Topology topology, Ports ports, HistoryRepository events) {
        this.topology = topology;
        this.ports = ports;
        this.events = events;
    }

    AddressView now(ClusterName cluster, IpAddress ip) {
        return ports.withAddress(topology.cluster(cluster).id(), ip)
                .map(port -> new AddressView(ip, port))
                .orElseThrow(() -> new HistoryRefused.UnknownAddress(ip));
    }

    /** The last change at or before the instant: what was in force then. */
    AddressHistory at(ClusterName cluster, IpAddress ip, Instant at) {
        return page(id(cluster), ip, EVER, within(at), Cursor.START, 1).withoutNext();
    }

    AddressHistory between(
            ClusterName cluster,
            IpAddress ip,
            @Nullable Instant from,
            @Nullable Instant to,
            @Nullable String cursor,
            int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        return page(
                id(cluster),
                ip,
                from == null ? EVER : within(from),
                to == null ? FOREVER : within(to),
                cursor == null ? Cursor.START : Cursor.parse(cursor),
                limit);
    }

    private AddressHistory page(ClusterId cluster, IpAddress ip, Instant from, Instant to, Cursor cursor, int limit) {
        List<AddressEvent> found =
                events
                        .events(cluster.value(), ip.toString(), from, to, cursor.at(), cursor.revision(), limit + 1)
                        .stream()
                        .map(AddressEvent::of)
                        .toList();
        if (found.size() <= limit) {
            return new AddressHistory(ip, found, null);
        }
        AddressEvent last = found.get(limit - 1);
        return new AddressHistory(ip, found.subList(0, limit), new Cursor(last.at(), last.revision()).toString());
    }

    /** History outlives the cluster: then its id serves where the name did. */
    private ClusterId id(ClusterName name) {
        Optional<ClusterId> named = topology.find(name).map(Cluster::id);
        if (named.isPresent()) {
            return named.get();
        }
        try {
            return ClusterId.parse(name.value());
        } catch (Malformed e) {
            return topology.cluster(name).id();
        }
    }

    private static Instant within(Instant instant) {
        if (instant.isBefore(EVER)) {
            return EVER;
        }
        return instant.isAfter(FOREVER) ? FOREVER : instant;
    }
}
