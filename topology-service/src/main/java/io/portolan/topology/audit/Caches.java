package io.portolan.topology.audit;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.api.CacheReport;
import io.portolan.model.api.CacheReportAnswer;
import io.portolan.topology.ledger.LedgerTransactions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Takes down what nodes say that their caches hold; only the present agent of a node is listened to. */
@Component
final class Caches {
    private final LedgerTransactions transactions;
    private final AuditRepository ledger;
    private final JsonMapper json;

    Caches(LedgerTransactions transactions, AuditRepository ledger, JsonMapper json) {
        this.transactions = transactions;
        this.ledger = ledger;
        this.json = json;
    }

    CacheReportAnswer told(ClusterName cluster, NodeName node, CacheReport said) {
        if (!said.digest().matches("[0-9a-f]{16,128}")) {
            throw new Invalid("digest", "digest is 16 to 128 hexadecimal digits");
        }
        return transactions.run(
                () -> {
                    UUID id = ledger.present(cluster.value(), node.value(), said.epoch())
                            .orElseThrow(() ->
                                    ledger.node(cluster.value(), node.value()).isEmpty()
                                            ? new AuditRefused.UnknownNode(cluster, node)
                                            : new AuditRefused.StaleEpoch(node));
                    boolean compare =
                            ledger.findById(id).map(NodeCache::compareWanted).orElse(false);
                    List<CacheReport.Item> ports = said.ports();
                    if (ports == null) {
                        boolean known = ledger.stillSo(id, said.epoch(), said.digest()) > 0;
                        return new CacheReportAnswer(known, known && compare);
                    }
                    ledger.told(id, said.epoch(), said.digest(), json.writeValueAsString(ports));
                    return new CacheReportAnswer(true, compare);
                },
                Map.of());
    }
}
