package io.portolan.security.enforcement;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import org.springframework.http.HttpStatus;

/** Why a cluster's security is not as asked. */
public abstract sealed class SecurityRefused extends Refused {
    private SecurityRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class NotDeclared extends SecurityRefused {
        NotDeclared(ClusterName cluster) {
            super(HttpStatus.NOT_FOUND, "no-security", "the ports of cluster %s are open".formatted(cluster));
            field("cluster");
        }
    }

    static final class Deleting extends SecurityRefused {
        Deleting(ClusterName cluster) {
            super(
                    HttpStatus.CONFLICT,
                    "security-deleting",
                    "the ports of cluster %s are being opened".formatted(cluster));
        }
    }

    static final class ProfilesBound extends SecurityRefused {
        ProfilesBound(long pods) {
            super(
                    HttpStatus.CONFLICT,
                    "profiles-bound",
                    "%d pods are in security profiles and would be open; force says that this is meant"
                            .formatted(pods));
            member("pods", pods);
        }
    }
}
