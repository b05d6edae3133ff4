package io.portolan.topology.floating;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/** Why a floating address is not as asked. */
abstract sealed class FloatingIpRefused extends Refused {
    private FloatingIpRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends FloatingIpRefused {
        Unknown(ClusterName cluster, String name) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-floating-ip",
                    "cluster %s has no floating address %s".formatted(cluster, name));
            field("name");
        }
    }

    static final class NoGateway extends FloatingIpRefused {
        NoGateway(ClusterName cluster) {
            super(
                    HttpStatus.NOT_FOUND,
                    "no-gateway",
                    "cluster %s has no gateway, or one that is being taken down".formatted(cluster));
        }
    }

    static final class Deleting extends FloatingIpRefused {
        Deleting(String name) {
            super(
                    HttpStatus.CONFLICT,
                    "floating-ip-deleting",
                    "floating address %s is being taken down".formatted(name));
        }
    }

    static final class Immutable extends FloatingIpRefused {
        Immutable(@Nullable IpAddress address) {
            super(
                    HttpStatus.CONFLICT,
                    "floating-ip-immutable",
                    "the address is %s and does not change: declare another one".formatted(address));
            field("address");
        }
    }

    static final class Taken extends FloatingIpRefused {
        Taken(IpAddress address) {
            super(HttpStatus.CONFLICT, "floating-ip-taken", "%s is somebody else's".formatted(address));
            field("address");
        }
    }

    static final class PodHasOne extends FloatingIpRefused {
        PodHasOne(FloatingIpClaim.@Nullable Pod pod) {
            super(
                    HttpStatus.CONFLICT,
                    "pod-has-floating-ip",
                    "another floating address stands for pod %s".formatted(pod));
            field("pod");
        }
    }

    static final class NobodyThere extends FloatingIpRefused {
        NobodyThere(IpAddress address) {
            super(HttpStatus.CONFLICT, "port-not-bound", "no pod has %s now".formatted(address));
            field("portAddress");
        }
    }

    static final class CooldownTooShort extends FloatingIpRefused {
        CooldownTooShort(int seconds, int least) {
            super(
                    HttpStatus.CONFLICT,
                    "cooldown-too-short",
                    "addresses rest for %d s between two pods, floating ones need %d to move"
                            .formatted(seconds, least));
        }
    }

    static final class NoneLeft extends FloatingIpRefused {
        NoneLeft() {
            super(
                    HttpStatus.INSUFFICIENT_STORAGE,
                    "floating-ips-exhausted",
                    "no address of the gateway's floatingCidrs is free");
        }
    }
}
