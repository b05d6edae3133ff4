package io.portolan.topology.ipam;

/** ipam-service could not be asked, or nothing is known of the outcome: every call may be repeated. */
public final class IpamUnavailable extends RuntimeException {
    public IpamUnavailable(String message, Throwable cause) {
        super(message, cause);
    }

    public IpamUnavailable(String message) {
        super(message);
    }
}
