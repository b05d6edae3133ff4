package io.portolan.ipam.port;

import io.portolan.kit.problem.Refused;
import io.portolan.model.PortId;
import org.springframework.http.HttpStatus;

/** Why a port cannot be shown. */
abstract sealed class PortRefused extends Refused {
    private PortRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnknownPort extends PortRefused {
        UnknownPort(PortId id) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-port",
                    "no port is %s; the history of its address may still tell of it".formatted(id));
            field("port");
        }
    }
}
