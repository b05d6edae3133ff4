package io.portolan.agent.cni;

/** A call that is answered with an error. The message names the field or variable, never the configuration's content. */
final class CniRefused extends RuntimeException {
    private final CniError error;
    private final String details;

    CniRefused(CniError error, String message, String details) {
        super(message);
        this.error = error;
        this.details = details;
    }

    CniError error() {
        return error;
    }

    /** More words for a human, or empty. */
    String details() {
        return details;
    }
}
