package io.portolan.security.binding;

import io.portolan.kit.problem.Refused;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.time.Duration;
import java.util.List;
import org.springframework.http.HttpStatus;

/** Why ports are not put in profiles. */
public abstract sealed class BindingRefused extends Refused {
    private BindingRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class NotEnforced extends BindingRefused {
        NotEnforced() {
            super(
                    HttpStatus.CONFLICT,
                    "security-not-enforced",
                    "this cluster's ports are open: it has no security, or is losing it");
        }
    }

    static final class UnknownPort extends BindingRefused {
        UnknownPort(String field, PortId port) {
            super(HttpStatus.NOT_FOUND, "unknown-port", "no port is " + port);
            field(field);
            member("port", port);
        }
    }

    static final class NotHeld extends BindingRefused {
        NotHeld(String field, PortId port, NodeId node) {
            super(HttpStatus.CONFLICT, "port-not-held", "port %s is not in the cache of node %s".formatted(port, node));
            field(field);
            member("port", port);
        }
    }

    static final class NotReady extends BindingRefused {
        NotReady(String field, String profile) {
            super(
                    HttpStatus.CONFLICT,
                    "profile-not-ready",
                    "the network does not have profile '%s': look at its stateReason".formatted(profile));
            field(field);
            member("profile", profile);
            retryAfter(Duration.ofSeconds(2));
        }
    }

    static final class NotAllowed extends BindingRefused {
        NotAllowed(String field, String profile, String namespace) {
            super(
                    HttpStatus.FORBIDDEN,
                    "profile-not-allowed",
                    "pods of namespace '%s' may not name profile '%s'".formatted(namespace, profile));
            field(field);
            member("profile", profile);
            member("namespace", namespace);
        }
    }

    static final class InOthers extends BindingRefused {
        InOthers(String field, PortId port, List<ProfileId> profiles) {
            super(
                    HttpStatus.CONFLICT,
                    "port-in-other-profiles",
                    "port %s may be in other profiles than these: close it first".formatted(port));
            field(field);
            member("port", port);
            member("profiles", profiles);
        }
    }

    static final class Overtaken extends BindingRefused {
        Overtaken(PortId port) {
            super(
                    HttpStatus.CONFLICT,
                    "binding-overtaken",
                    "something else was asked of port %s meanwhile, and holds".formatted(port));
            member("port", port);
        }
    }

    static final class Late extends BindingRefused {
        Late(Duration waited) {
            super(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    "network-unavailable",
                    "the network did not take the bindings within %d s; they are written down and will be tried again"
                            .formatted(waited.toSeconds()));
            retryAfter(Duration.ofSeconds(2));
        }
    }
}
