package io.portolan.agent.netlink;

/**
 * The kernel refused an operation, or could not be asked. Callers that may repeat themselves look at {@link #alreadyThere} and
 * {@link #notThere}; everything else is for a human.
 */
public final class NetlinkException extends RuntimeException {
    private final String operation;
    private final String subject;
    private final Errno errno;
    private final String kernelMessage;

    NetlinkException(String operation, String subject, int errno, String kernelMessage) {
        super("%s %s: %s%s"
                .formatted(
                        operation,
                        subject,
                        Errno.of(errno) == Errno.OTHER ? "errno " + errno : Errno.of(errno),
                        kernelMessage.isEmpty() ? "" : " (" + kernelMessage + ")"));
        this.operation = operation;
        this.subject = subject;
        this.errno = Errno.of(errno);
        this.kernelMessage = kernelMessage;
    }

    NetlinkException(String operation, String subject, int errno) {
        this(operation, subject, errno, "");
    }

    /** What was tried, such as {@code add address}. */
    public String operation() {
        return operation;
    }

    /** What it was tried on, such as {@code 10.4.0.7/24 on eth0}. */
    public String subject() {
        return subject;
    }

    public Errno errno() {
        return errno;
    }

    /** The kernel's extended acknowledgement, or empty. */
    public String kernelMessage() {
        return kernelMessage;
    }

    /** The link, address or route to be made exists. */
    public boolean alreadyThere() {
        return errno == Errno.EEXIST;
    }

    /** The link, address or route to be changed or removed does not exist. */
    public boolean notThere() {
        return switch (errno) {
            case ENODEV, ENOENT, ESRCH, EADDRNOTAVAIL, ENXIO -> true;
            default -> false;
        };
    }
}
