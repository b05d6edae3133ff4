package io.portolan.agent.wiring;

/** Why a port was not wired. The message is fit for the caller of the plugin. */
public final class WiringRefused extends RuntimeException {
    public enum Reason {
        /** The node's switch has no integration bridge. */
        NO_BRIDGE,
        /** The switch's database does not answer. */
        NO_SWITCH,
        /** The flows are not installed in time, or the switch could not open the interface. */
        NOT_READY,
        /** The pod's end of the wire is in a namespace that nobody knows of: an address that something uses. */
        OCCUPIED,
        /** Ports are told apart by VLAN tags here, and this one has none. */
        UNTAGGED,
        /** Ports are told apart by VLAN tags here, and another port of the bridge has this one's. */
        TAG_TAKEN,
        /** The pod has another interface of this name. */
        NAME_TAKEN,
        /** The pod's namespace is the host's. */
        HOST_NAMESPACE
    }

    private final Reason reason;

    WiringRefused(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    WiringRefused(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** Whether it is this port's own misfortune, so that a pod may have another one. */
    public boolean concernsThePort() {
        return reason == Reason.OCCUPIED || reason == Reason.UNTAGGED || reason == Reason.TAG_TAKEN;
    }
}
