package io.portolan.security.cluster;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import org.springframework.http.HttpStatus;

/** Why a cluster or a node cannot be spoken for. */
public abstract sealed class ClusterRefused extends Refused {
    private ClusterRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnknownCluster extends ClusterRefused {
        UnknownCluster(ClusterName name) {
            super(HttpStatus.NOT_FOUND, "unknown-cluster", "no cluster is called " + name);
            field("cluster");
        }
    }

    static final class Deleting extends ClusterRefused {
        Deleting(ClusterName name) {
            super(HttpStatus.CONFLICT, "cluster-deleting", "cluster %s is being taken down".formatted(name));
        }
    }

    static final class UnknownNode extends ClusterRefused {
        UnknownNode(NodeId id) {
            super(HttpStatus.NOT_FOUND, "unknown-node", "no node is %s: register it again".formatted(id));
            field("node");
        }
    }

    static final class StaleEpoch extends ClusterRefused {
        StaleEpoch(NodeId id, long said, long current) {
            super(
                    HttpStatus.CONFLICT,
                    "stale-epoch",
                    "node %s is in epoch %d, not %d: another run of its agent has registered since"
                            .formatted(id, current, said));
            field("epoch");
            member("epoch", current);
        }
    }
}
