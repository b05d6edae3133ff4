package io.portolan.lb;

import io.portolan.model.ClusterId;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.RowChange;
import io.portolan.ovsdb.Watch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks at a cluster's balancers in the northbound database after every transaction, so that no wrong moment is missed. What
 * it was told to expect must be there from its first appearance on, attached, with backends that are allowed.
 */
final class NorthboundWatch implements AutoCloseable {
    private final OvsdbClient client;
    private final Replica replica;
    private final ClusterId cluster;
    private final Map<UUID, Row> balancers = new HashMap<>();
    private final Map<UUID, Row> groups = new HashMap<>();
    private final Map<String, Set<String>> allowed = new HashMap<>();
    private final Set<String> established = new HashSet<>();
    private final List<String> wrongs = new ArrayList<>();
    private Map<String, String> now = Map.of();
    private int transactions;

    NorthboundWatch(String endpoints, ClusterId cluster) {
        this.cluster = cluster;
        client = OvsdbClient.open(OvsdbOptions.of(endpoints, "OVN_Northbound"));
        replica = client.replicate(
                        Watch.table("Load_Balancer").columns("vips", "external_ids"),
                        Watch.table("Load_Balancer_Group").columns("load_balancer"))
                .awaitLoaded(Duration.ofSeconds(30));
        replica.listen(this::changed);
    }

    private synchronized void changed(List<RowChange> changes) {
        Map<String, String> before = now;
        for (RowChange change : changes) {
            Map<UUID, Row> table = change.table().equals("Load_Balancer") ? balancers : groups;
            if (change.after() == null) {
                table.remove(change.id());
            } else {
                table.put(change.id(), change.after());
            }
        }
        Set<UUID> attached = groups.values().stream()
                .flatMap(group -> group.uuids("load_balancer").stream())
                .collect(Collectors.toSet());
        now = new TreeMap<>();
        balancers.forEach((id, row) -> {
            if (attached.contains(id) && row.stringMap("external_ids").containsValue(cluster.toString())) {
                now.putAll(row.stringMap("vips"));
            }
        });
        transactions += now.equals(before) ? 0 : 1;
        established.addAll(now.keySet());
        allowed.forEach((vip, some) -> {
            if (established.contains(vip) && !some.contains(now.getOrDefault(vip, "nothing"))) {
                wrongs.add("%s has %s instead of one of %s".formatted(vip, now.get(vip), some));
            }
        });
    }

    /** From now on these may be the backends at this address and port; "nothing" for none at all. */
    synchronized void allow(String vip, String... backends) {
        allowed.put(vip, Stream.of(backends).collect(Collectors.toSet()));
    }

    /** Backends by address and port. */
    synchronized Map<String, String> now() {
        return Map.copyOf(now);
    }

    synchronized List<String> wrongs() {
        return List.copyOf(wrongs);
    }

    /** How many transactions changed what a packet meets. */
    synchronized int transactions() {
        return transactions;
    }

    @Override
    public void close() {
        replica.close();
        client.close();
    }
}
