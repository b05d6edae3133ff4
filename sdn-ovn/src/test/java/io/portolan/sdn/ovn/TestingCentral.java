package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Schema;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.SdnBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/** Looks at a northbound database beside the backends, and writes what strangers would. */
final class TestingCentral implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What northd writes by itself. */
    private static final Set<String> VOLATILE = Set.of("up", "dynamic_addresses", "status", "hosting-chassis");

    private static final Set<String> OTHERS = Set.of("NB_Global", "Connection", "SSL");

    private final OvsdbClient client;
    private final OvnBackends backends = new OvnBackends(PATIENCE);
    private final String endpoints;
    private final Schema schema;

    TestingCentral(String endpoints) {
        this.endpoints = endpoints;
        client = OvsdbClient.open(OvsdbOptions.of(endpoints, Northbound.DATABASE)
                .withLeaderOnly()
                .withTimeouts(PATIENCE, Duration.ofSeconds(10)));
        schema = client.schema();
    }

    SdnBackend backend(ClusterId cluster) {
        return backends.backend(cluster, endpoints, null);
    }

    OvsdbClient client() {
        return client;
    }

    /** Table, row, column: all but what changes by itself. */
    Map<String, Map<UUID, Row>> dump() {
        return dump(row -> true);
    }

    /** All rows that bear no cluster's mark. */
    Map<String, Map<UUID, Row>> foreign() {
        return dump(row -> !row.has(Mark.COLUMN) || !row.stringMap(Mark.COLUMN).containsKey(Mark.CLUSTER));
    }

    private Map<String, Map<UUID, Row>> dump(Predicate<Row> which) {
        List<String> tables = schema.tables().keySet().stream()
                .filter(table -> !OTHERS.contains(table))
                .sorted()
                .toList();
        List<Operation> selects = new ArrayList<>();
        tables.forEach(table -> selects.add(Operation.select(table)));
        var result = client.transact(selects);
        Map<String, Map<UUID, Row>> all = new TreeMap<>();
        for (int i = 0; i < tables.size(); i++) {
            for (Row row : result.rows(i)) {
                if (which.test(row)) {
                    all.computeIfAbsent(tables.get(i), table -> new TreeMap<>()).put(row.id(), stable(row));
                }
            }
        }
        return all;
    }

    private static Row stable(Row row) {
        Map<String, Value> columns = new HashMap<>(row.columns());
        columns.keySet().removeAll(VOLATILE);
        columns.keySet().removeAll(Set.of("_version", "_uuid"));
        return new Row(columns);
    }

    @Override
    public void close() {
        backends.close();
        client.close();
    }
}
