package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.RowChange;
import io.portolan.ovsdb.Watch;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** Counts the transactions that change load balancers, groups or switches: the server tells of each by itself. */
final class TestingTransactions implements AutoCloseable {
    private static final String MARKERS = "Copp";

    private final OvsdbClient client;
    private final Replica replica;
    private final AtomicInteger transactions = new AtomicInteger();
    private final Set<UUID> markers = ConcurrentHashMap.newKeySet();

    TestingTransactions(OvsdbClient client) {
        this.client = client;
        replica = client.replicate(
                Watch.table("Load_Balancer"),
                Watch.table("Load_Balancer_Group"),
                Watch.table("Logical_Switch"),
                Watch.table(MARKERS));
        replica.awaitLoaded(TestingCentral.PATIENCE);
        replica.listen(this::told);
        mark();
        transactions.set(0);
    }

    private void told(List<RowChange> changes) {
        List<UUID> seen = changes.stream()
                .filter(change -> change.table().equals(MARKERS))
                .map(RowChange::id)
                .toList();
        if (seen.size() < changes.size()) {
            transactions.incrementAndGet();
        }
        markers.addAll(seen);
    }

    /** Returns when all that was before has been told of. */
    private void mark() {
        UUID marker = UUID.randomUUID();
        client.transact(Operation.insert(MARKERS, Row.empty().with("name", "marker-" + marker))
                .withId(marker));
        Awaitility.await()
                .atMost(TestingCentral.PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> markers.contains(marker));
        client.transact(Operation.delete(MARKERS, Condition.row(marker)));
    }

    int count() {
        mark();
        return transactions.get();
    }

    @Override
    public void close() {
        replica.close();
    }
}
