package io.portolan.security.pool;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import org.springframework.http.HttpStatus;

/** Why a pool is not as asked. */
public abstract sealed class PoolRefused extends Refused {
    private PoolRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends PoolRefused {
        Unknown(ClusterName cluster, String name) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-profile-pool",
                    "cluster %s has no profile pool '%s'".formatted(cluster, name));
            field("name");
        }
    }

    static final class UnknownNodeClass extends PoolRefused {
        UnknownNodeClass(String name) {
            super(HttpStatus.BAD_REQUEST, "unknown-node-class", "the cluster has no node class '%s'".formatted(name));
            field("nodeClass");
        }
    }
}
