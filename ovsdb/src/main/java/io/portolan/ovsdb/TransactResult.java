package io.portolan.ovsdb;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** What each operation of a committed transaction gave, by its index. */
public record TransactResult(List<Result> results) {

    public sealed interface Result {
        record Inserted(UUID id) implements Result {}

        record Selected(List<Row> rows) implements Result {
            public Selected {
                rows = List.copyOf(rows);
            }
        }

        record Changed(long count) implements Result {}

        record Done() implements Result {}
    }

    public TransactResult {
        results = List.copyOf(results);
    }

    /** The id of the row that the operation at this index inserted. */
    public UUID inserted(int index) {
        if (results.get(index) instanceof Result.Inserted inserted) {
            return inserted.id();
        }
        throw new IllegalArgumentException("operation " + index + " is no insert");
    }

    public List<Row> rows(int index) {
        if (results.get(index) instanceof Result.Selected selected) {
            return selected.rows();
        }
        throw new IllegalArgumentException("operation " + index + " is no select");
    }

    /** How many rows the update, mutate or delete at this index touched. */
    public long changed(int index) {
        if (results.get(index) instanceof Result.Changed changed) {
            return changed.count();
        }
        throw new IllegalArgumentException("operation " + index + " changes no rows");
    }

    static TransactResult read(List<Operation> operations, JsonNode reply) {
        for (int i = 0; i < reply.size(); i++) {
            if (reply.get(i).has("error")) {
                throw refusal(reply.get(i), i < operations.size() ? i : -1);
            }
        }
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            JsonNode node = reply.path(i);
            results.add(
                    switch (operations.get(i)) {
                        case Operation.Insert insert -> new Result.Inserted(JsonIn.uuid(node.path("uuid")));
                        case Operation.Select select -> new Result.Selected(JsonIn.rows(node.path("rows")));
                        default ->
                            node.has("count")
                                    ? new Result.Changed(node.path("count").longValue())
                                    : new Result.Done();
                    });
        }
        return new TransactResult(results);
    }

    /** A cluster that lost its leader while it committed reports an error, and may yet find the entry in its log. */
    private static OvsdbException refusal(JsonNode node, int operation) {
        OvsdbException.Refused refused = JsonIn.refusal(node, operation);
        return refused.error().equals("cluster error")
                ? new OvsdbException.OutcomeUnknown(refused.toString(), refused)
                : refused;
    }
}
