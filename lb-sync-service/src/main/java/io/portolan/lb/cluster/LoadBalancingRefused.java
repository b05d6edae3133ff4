package io.portolan.lb.cluster;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import org.springframework.http.HttpStatus;

/** Why load balancing is not as asked. */
public abstract sealed class LoadBalancingRefused extends Refused {
    private LoadBalancingRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnknownCluster extends LoadBalancingRefused {
        UnknownCluster(ClusterName name) {
            super(HttpStatus.NOT_FOUND, "unknown-cluster", "no cluster is called " + name);
            field("cluster");
        }
    }

    static final class NotDeclared extends LoadBalancingRefused {
        NotDeclared(ClusterName name) {
            super(
                    HttpStatus.NOT_FOUND,
                    "no-load-balancing",
                    "the Services of cluster %s are not watched".formatted(name));
            field("cluster");
        }
    }

    static final class Deleting extends LoadBalancingRefused {
        Deleting(ClusterName name) {
            super(
                    HttpStatus.CONFLICT,
                    "load-balancing-deleting",
                    "the load balancers of cluster %s are being deleted".formatted(name));
        }
    }

    static final class AddressGranted extends LoadBalancingRefused {
        AddressGranted(String address) {
            super(
                    HttpStatus.CONFLICT,
                    "external-address-granted",
                    "%s is a Service's: its block cannot be taken away".formatted(address));
            field("externalCidrs");
        }
    }

    static final class ExternalOverlapsFloating extends LoadBalancingRefused {
        ExternalOverlapsFloating(String block) {
            super(
                    HttpStatus.CONFLICT,
                    "external-cidrs-overlap",
                    "%s is for floating addresses of the cluster's gateway".formatted(block));
            field("externalCidrs");
        }
    }

    static final class NotSupported extends LoadBalancingRefused {
        NotSupported(String field, String detail) {
            super(HttpStatus.BAD_REQUEST, "not-supported", detail);
            field(field);
        }
    }
}
