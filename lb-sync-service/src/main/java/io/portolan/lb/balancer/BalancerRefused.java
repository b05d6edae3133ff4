package io.portolan.lb.balancer;

import io.portolan.kit.problem.Refused;
import org.springframework.http.HttpStatus;

/** Why there is nothing to show. */
abstract sealed class BalancerRefused extends Refused {
    private BalancerRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Unknown extends BalancerRefused {
        Unknown(String namespace, String name) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-load-balancer",
                    "Service %s/%s has no load balancer".formatted(namespace, name));
            field("name");
        }
    }
}
