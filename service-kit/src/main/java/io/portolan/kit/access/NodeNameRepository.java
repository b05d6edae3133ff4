package io.portolan.kit.access;

import io.portolan.model.NodeId;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Which node an id is. */
final class NodeNameRepository {
    private final JdbcClient ledger;

    NodeNameRepository(JdbcClient ledger) {
        this.ledger = ledger;
    }

    Optional<Caller.NodeIdentity> find(NodeId node) {
        return ledger.sql("""
                        select cluster.name as cluster, node.name as name
                        from node join cluster on cluster.id = node.cluster_id
                        where node.id = :node""")
                .param("node", node.value())
                .query((row, number) -> new Caller.NodeIdentity(row.getString("cluster"), row.getString("name")))
                .optional();
    }
}
