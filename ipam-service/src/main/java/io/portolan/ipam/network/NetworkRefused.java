package io.portolan.ipam.network;

import io.portolan.kit.problem.Refused;
import io.portolan.model.PortState;
import org.springframework.http.HttpStatus;

/** Why ports are not moved. */
abstract sealed class NetworkRefused extends Refused {
    private NetworkRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class NoSuchTransition extends NetworkRefused {
        NoSuchTransition(PortState from, PortState to) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "no-such-transition",
                    "no network moves a port from %s to %s".formatted(from.text(), to.text()));
            field("to");
        }
    }
}
