package io.portolan.security.network;

import io.portolan.kit.problem.Refused;
import io.portolan.sdn.SdnFailure;
import java.time.Duration;
import org.springframework.http.HttpStatus;

/** A request needed the network's word, and the network gave none or said no. */
public abstract sealed class NetworkRefused extends Refused {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private NetworkRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    public static NetworkRefused of(SdnFailure failure) {
        Trouble trouble = Trouble.of(failure);
        return failure instanceof SdnFailure.Unavailable unavailable
                ? new Unavailable(trouble.reason(), unavailable.retryAfter().orElse(PATIENCE))
                : new No(trouble);
    }

    static final class No extends NetworkRefused {
        No(Trouble trouble) {
            super(HttpStatus.CONFLICT, trouble.problem(), trouble.reason());
        }
    }

    static final class Unavailable extends NetworkRefused {
        Unavailable(String detail, Duration wait) {
            super(HttpStatus.SERVICE_UNAVAILABLE, "network-unavailable", detail);
            retryAfter(wait);
        }
    }
}
