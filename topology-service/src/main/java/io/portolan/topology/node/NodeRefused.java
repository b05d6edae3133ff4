package io.portolan.topology.node;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import java.time.Duration;
import org.springframework.http.HttpStatus;

/** Why a node is not as registered. */
abstract sealed class NodeRefused extends Refused {
    private NodeRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends NodeRefused {
        Unknown(ClusterName cluster, NodeName node) {
            super(HttpStatus.NOT_FOUND, "unknown-node", "cluster %s has no node %s".formatted(cluster, node));
            field("node");
        }
    }

    static final class ClusterDeleting extends NodeRefused {
        ClusterDeleting(ClusterName cluster) {
            super(
                    HttpStatus.CONFLICT,
                    "cluster-deleting",
                    "cluster %s is being taken down: no node joins it".formatted(cluster));
            field("cluster");
        }
    }

    static final class Draining extends NodeRefused {
        Draining(NodeName node) {
            super(
                    HttpStatus.CONFLICT,
                    "node-draining",
                    "node %s is being taken down; it may join again when that is done".formatted(node));
            field("node");
            retryAfter(Duration.ofSeconds(5));
        }
    }

    static final class Alive extends NodeRefused {
        Alive(NodeName node, Duration left) {
            super(
                    HttpStatus.CONFLICT,
                    "node-alive",
                    "the agent of node %s spoke a moment ago: it is fenced when it has been silent for %d s more"
                            .formatted(node, Math.max(1, left.toSeconds())));
            field("node");
            retryAfter(left);
        }
    }

    static final class IdentityConflict extends NodeRefused {
        IdentityConflict(NodeName node, String field, Duration left) {
            super(
                    HttpStatus.CONFLICT,
                    "node-identity-conflict",
                    "node %s registered from another %s a moment ago: two machines have this name, or the old one must be silent for %d s more"
                            .formatted(node, field, Math.max(1, left.toSeconds())));
            field(field);
            retryAfter(left);
        }
    }

    static final class ChassisTaken extends NodeRefused {
        ChassisTaken(String chassis) {
            super(
                    HttpStatus.CONFLICT,
                    "chassis-taken",
                    "chassis %s is another node's: delete that one first".formatted(chassis));
            field("chassis");
        }
    }

    static final class ParentPortTaken extends NodeRefused {
        ParentPortTaken(String parentPort) {
            super(
                    HttpStatus.CONFLICT,
                    "parent-port-taken",
                    "parent port %s is another node's: delete that one first".formatted(parentPort));
            field("parentPort");
        }
    }

    static final class UnknownNodeClass extends NodeRefused {
        UnknownNodeClass(String name) {
            super(HttpStatus.BAD_REQUEST, "unknown-node-class", "the cluster has no node class " + name);
            field("nodeClass");
        }
    }
}
