package io.portolan.ipam.claim;

import io.portolan.ipam.topology.Node;
import io.portolan.kit.problem.Refused;
import io.portolan.model.api.PortCounts;
import java.time.Duration;
import org.springframework.http.HttpStatus;

/** Why a node gets no port. */
abstract sealed class ClaimRefused extends Refused {
    private ClaimRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    /** It may yet come. */
    static final class NodeNotReady extends ClaimRefused {
        private static final Duration WAIT = Duration.ofSeconds(2);

        NodeNotReady(Node node, PortCounts ports) {
            super(HttpStatus.SERVICE_UNAVAILABLE, "node-not-ready", words(node, ports));
            member("state", node.state());
            member("ports", ports);
            retryAfter(WAIT);
        }

        private static String words(Node node, PortCounts ports) {
            return node.isReady()
                    ? "none of the node's %d ports is free yet: %d are still being made"
                            .formatted(ports.all(), ports.planned() + ports.provisioning())
                    : "node %s is %s, not ready: it gets no ports".formatted(node.name(), node.state());
        }
    }

    /** All are taken. */
    static final class NoFreePort extends ClaimRefused {
        NoFreePort(Node node, PortCounts ports) {
            super(
                    HttpStatus.INSUFFICIENT_STORAGE,
                    "no-free-port",
                    "all %d ports of node %s are taken (%d bound, %d leased, %d cooling, %d draining, %d failed): wait for the cooling ones, release idle ones, or give the node another subnet (PUT /v1/nodes/{node}/subnets/{ordinal})"
                            .formatted(
                                    ports.all(),
                                    node.name(),
                                    ports.bound(),
                                    ports.leased(),
                                    ports.cooling(),
                                    ports.draining(),
                                    ports.failed()));
            member("ports", ports);
        }
    }
}
