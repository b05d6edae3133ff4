package io.portolan.topology.audit;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import java.time.Duration;
import org.springframework.http.HttpStatus;

/** Why there is no audit, or a node's word does not count. */
abstract sealed class AuditRefused extends Refused {
    private AuditRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnderWay extends AuditRefused {
        UnderWay(ClusterName cluster) {
            super(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    "audit-under-way",
                    "cluster %s is being audited, which takes longer than a request may wait".formatted(cluster));
            retryAfter(Duration.ofSeconds(10));
        }
    }

    static final class NoneYet extends AuditRefused {
        NoneYet(ClusterName cluster) {
            super(HttpStatus.NOT_FOUND, "no-audit", "cluster %s has not been audited".formatted(cluster));
        }
    }

    static final class UnknownNode extends AuditRefused {
        UnknownNode(ClusterName cluster, NodeName node) {
            super(HttpStatus.NOT_FOUND, "unknown-node", "cluster %s has no node %s".formatted(cluster, node));
            field("node");
        }
    }

    static final class StaleEpoch extends AuditRefused {
        StaleEpoch(NodeName node) {
            super(
                    HttpStatus.CONFLICT,
                    "stale-epoch",
                    "another agent speaks for node %s now: register again first".formatted(node));
            field("epoch");
        }
    }
}
