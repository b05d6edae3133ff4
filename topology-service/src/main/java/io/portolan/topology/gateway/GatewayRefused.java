package io.portolan.topology.gateway;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import org.springframework.http.HttpStatus;

/** Why a gateway is not as asked. */
abstract sealed class GatewayRefused extends Refused {
    private GatewayRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends GatewayRefused {
        Unknown(ClusterName cluster) {
            super(HttpStatus.NOT_FOUND, "no-gateway", "cluster %s has no gateway".formatted(cluster));
        }
    }

    static final class ClusterDeleting extends GatewayRefused {
        ClusterDeleting(ClusterName cluster) {
            super(HttpStatus.CONFLICT, "cluster-deleting", "cluster %s is being taken down".formatted(cluster));
            field("cluster");
        }
    }

    static final class Deleting extends GatewayRefused {
        Deleting(ClusterName cluster) {
            super(
                    HttpStatus.CONFLICT,
                    "gateway-deleting",
                    "the gateway of cluster %s is being taken down".formatted(cluster));
        }
    }

    static final class NotSupported extends GatewayRefused {
        NotSupported(String field, String detail) {
            super(HttpStatus.BAD_REQUEST, "not-supported", detail);
            field(field);
        }
    }

    static final class UnknownNodeClass extends GatewayRefused {
        UnknownNodeClass(String name) {
            super(HttpStatus.BAD_REQUEST, "unknown-node-class", "the cluster has no node class " + name);
            field("nodeClass");
        }
    }

    static final class AddressTaken extends GatewayRefused {
        AddressTaken(String field, String address, String cluster) {
            super(
                    HttpStatus.CONFLICT,
                    "external-address-taken",
                    "the gateway of cluster %s has %s on the same network".formatted(cluster, address));
            field(field);
        }
    }

    static final class FloatingOverlapsServices extends GatewayRefused {
        FloatingOverlapsServices(String block) {
            super(
                    HttpStatus.CONFLICT,
                    "floating-cidrs-overlap",
                    "%s is for the addresses of Services".formatted(block));
            field("floatingCidrs");
        }
    }

    static final class FloatingInUse extends GatewayRefused {
        FloatingInUse(String floating) {
            super(
                    HttpStatus.CONFLICT,
                    "floating-ip-granted",
                    "floating address %s would be in none of the blocks".formatted(floating));
            field("floatingCidrs");
        }
    }
}
