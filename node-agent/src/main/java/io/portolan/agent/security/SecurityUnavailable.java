package io.portolan.agent.security;

/** A pod's profiles cannot be known, or its port cannot be put in them, at this moment. Asking again is right. */
public final class SecurityUnavailable extends RuntimeException {
    private final boolean inOtherProfiles;

    SecurityUnavailable(String message) {
        this(message, false);
    }

    SecurityUnavailable(String message, boolean inOtherProfiles) {
        super(message);
        this.inOtherProfiles = inOtherProfiles;
    }

    /** Whether it is because the port is in other profiles than was believed. */
    boolean inOtherProfiles() {
        return inOtherProfiles;
    }
}
