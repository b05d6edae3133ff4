package io.portolan.agent.security;

/** A pod cannot have the security profiles that it, its namespace or its cluster names. Asking again does not help. */
public final class ProfilesRefused extends RuntimeException {
    /** What is wrong with the names. */
    public enum Reason {
        MALFORMED,
        UNKNOWN,
        NOT_ALLOWED,
        NOT_READY,
        TOO_MANY,
        /** security-service says so; the message has its words. */
        REFUSED
    }

    private final Reason reason;

    ProfilesRefused(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
