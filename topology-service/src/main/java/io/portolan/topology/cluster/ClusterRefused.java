package io.portolan.topology.cluster;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import org.springframework.http.HttpStatus;

/** Why a cluster is not as asked. */
public abstract sealed class ClusterRefused extends Refused {
    private ClusterRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends ClusterRefused {
        Unknown(ClusterName name) {
            super(HttpStatus.NOT_FOUND, "unknown-cluster", "no cluster is called " + name);
            field("cluster");
        }
    }

    static final class Deleting extends ClusterRefused {
        Deleting(ClusterName name) {
            super(HttpStatus.CONFLICT, "cluster-deleting", "cluster %s is being taken down".formatted(name));
        }
    }

    static final class Immutable extends ClusterRefused {
        Immutable(String field, String detail) {
            super(HttpStatus.CONFLICT, "cluster-immutable", detail);
            field(field);
        }
    }

    static final class NotSupported extends ClusterRefused {
        NotSupported(String field, String detail) {
            super(HttpStatus.BAD_REQUEST, "not-supported", detail);
            field(field);
        }
    }

    static final class PrefixTooSmall extends ClusterRefused {
        PrefixTooSmall(String field, String detail) {
            super(HttpStatus.BAD_REQUEST, "prefix-too-small", detail);
            field(field);
        }
    }
}
