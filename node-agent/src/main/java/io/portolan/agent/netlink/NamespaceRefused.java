package io.portolan.agent.netlink;

import java.nio.file.Path;

/** A path was not taken for a network namespace. */
public final class NamespaceRefused extends RuntimeException {
    public enum Reason {
        MISSING("does not exist"),
        NOT_A_NETWORK_NAMESPACE("is not a network namespace"),
        UNREADABLE("cannot be opened");

        private final String words;

        Reason(String words) {
            this.words = words;
        }
    }

    private final Path path;
    private final Reason reason;

    NamespaceRefused(Path path, Reason reason, String detail) {
        super(path + " " + reason.words + (detail.isEmpty() ? "" : ": " + detail));
        this.path = path;
        this.reason = reason;
    }

    public Path path() {
        return path;
    }

    public Reason reason() {
        return reason;
    }
}
