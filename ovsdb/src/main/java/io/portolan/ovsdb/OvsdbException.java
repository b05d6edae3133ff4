package io.portolan.ovsdb;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Why a call failed: what became of it differs in each case, so catch the case. */
public abstract sealed class OvsdbException extends RuntimeException {

    private OvsdbException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** What {@code ovsdb-server} and RFC 7047 call the errors that callers decide upon. */
    public enum Reason {
        CONSTRAINT_VIOLATION("constraint violation"),
        REFERENTIAL_INTEGRITY_VIOLATION("referential integrity violation"),
        DUPLICATE_UUID("duplicate uuid"),
        DUPLICATE_UUID_NAME("duplicate uuid-name"),
        TIMED_OUT("timed out"),
        NOT_OWNER("not owner"),
        ABORTED("aborted"),
        SYNTAX("syntax error"),
        UNKNOWN_DATABASE("unknown database"),
        UNKNOWN_METHOD("unknown method"),
        CANCELED("canceled"),
        OTHER("");

        private final String wire;

        Reason(String wire) {
            this.wire = wire;
        }

        static Reason of(String error) {
            for (Reason reason : values()) {
                if (reason.wire.equals(error)) {
                    return reason;
                }
            }
            return OTHER;
        }
    }

    /** The server said no; nothing was changed. */
    public static final class Refused extends OvsdbException {
        private final String error;
        private final String details;
        private final int operation;

        Refused(String error, String details, int operation) {
            super(
                    error
                            + (operation < 0 ? "" : " (operation " + operation + ")")
                            + (details.isEmpty() ? "" : ": " + details),
                    null);
            this.error = error;
            this.details = details;
            this.operation = operation;
        }

        public Reason reason() {
            return Reason.of(error);
        }

        public String error() {
            return error;
        }

        public String details() {
            return details;
        }

        /** Index of the operation that failed; empty when the commit or the whole request did. */
        public OptionalInt operation() {
            return operation < 0 ? OptionalInt.empty() : OptionalInt.of(operation);
        }
    }

    /** There was no connection in time; nothing was sent. */
    public static final class NotConnected extends OvsdbException {
        NotConnected(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** It was sent and no answer came: it may have been done, or not, or may still be. */
    public static final class OutcomeUnknown extends OvsdbException {
        OutcomeUnknown(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The client was closed before; nothing was sent. */
    public static final class Closed extends OvsdbException {
        Closed() {
            super("the OVSDB client is closed", null);
        }
    }
}
