package io.portolan.sdn;

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
        public Unavailable(String message, Throwable cause) {
            super(message, cause);
        }

        public Unavailable(String message) {
            super(message);
        }
    }

    /** It said no, and will say so again until somebody changes something. */
    public static final class Refused extends SdnFailure {
        /** Why. */
        public enum Reason {
            NOT_FOUND,
            CONFLICT,
            IN_USE,
            NO_CAPACITY,
            NOT_ALLOWED,
            NOT_SUPPORTED
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
