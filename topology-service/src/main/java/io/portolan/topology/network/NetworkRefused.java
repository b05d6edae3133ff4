package io.portolan.topology.network;

import io.portolan.kit.problem.Refused;
import io.portolan.model.Mode;
import java.util.Locale;
import org.springframework.http.HttpStatus;

/** Why a cluster cannot have the network that it asks for. */
public abstract sealed class NetworkRefused extends Refused {
    private NetworkRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class ModeNotAvailable extends NetworkRefused {
        ModeNotAvailable(Mode mode) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "mode-not-available",
                    "this control plane was built without a backend for mode "
                            + mode.name().toLowerCase(Locale.ROOT));
            field("mode");
        }
    }
}
