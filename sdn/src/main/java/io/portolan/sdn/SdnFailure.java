package io.portolan.sdn;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The network did not do as asked. Its messages are fit for an operator and hold no credential. */
public abstract sealed class SdnFailure extends RuntimeException {
    private SdnFailure(String message, Throwable cause) {
        super(message, cause);
    }

    private SdnFailure(String message) {
        super(message);
    }

    /** It could not be asked, or nothing is known of the outcome. Ask again later: every write may be repeated. */
    public static final class Unavailable extends SdnFailure {
        private final @Nullable Duration retryAfter;

        public Unavailable(String message, Throwable cause) {
            super(message, cause);
            retryAfter = null;
        }

        public Unavailable(String message) {
            super(message);
            retryAfter = null;
        }

        public Unavailable(String message, Duration retryAfter) {
            super(message);
            this.retryAfter = retryAfter;
        }

        /** When the network said that it may be asked again. */
        public Optional<Duration> retryAfter() {
            return Optional.ofNullable(retryAfter);
        }
    }

    /** It said no, and will say so again until somebody changes something. */
    public static final class Refused extends SdnFailure {
        /** Why. */
        public enum Reason {
            NOT_FOUND,
            CONFLICT,
            IN_USE,
            /** No address or other room is left. */
            NO_CAPACITY,
            QUOTA_EXCEEDED,
            NOT_ALLOWED,
            /** The credential is wrong or gone. */
            NOT_AUTHENTICATED,
            NOT_SUPPORTED,
            EXTERNAL_NETWORK_UNKNOWN,
            /** A network that the router reaches has addresses of this one. */
            SUBNET_OVERLAP,
            PARENT_PORT_UNKNOWN,
            /** It exists, and is of another project. */
            PARENT_PORT_FOREIGN
        }

        private final Reason reason;

        public Refused(Reason reason, String message) {
            super(message);
            this.reason = reason;
        }

        public Reason reason() {
            return reason;
        }
    }
}
