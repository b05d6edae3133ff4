package io.portolan.agent.cni;

/** The errors that a caller sees; below 100 they are the CNI specification's, the others are described in docs/cni.md. */
enum CniError {
    INCOMPATIBLE_VERSION(1),
    UNSUPPORTED_FIELD(2),
    UNKNOWN_CONTAINER(3),
    INVALID_ENVIRONMENT(4),
    IO_FAILURE(5),
    DECODING_FAILURE(6),
    INVALID_NETWORK_CONFIG(7),
    TRY_AGAIN_LATER(11),
    NOT_AVAILABLE(50),
    LIMITED_CONNECTIVITY(51),
    /** CHECK found the pod's interface otherwise than ADD left it. */
    DIFFERENT(100),
    /** The pod has another interface of that name. */
    INTERFACE_TAKEN(101),
    /** The address or MAC that was asked for is not free on this node. */
    ADDRESS_NOT_FREE(102),
    /** The port could not be wired. */
    NOT_WIRED(103),
    /** The pod, its namespace or its cluster names security profiles that it cannot have. */
    PROFILES_REFUSED(104),
    INTERNAL(199);

    private final int code;

    CniError(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    CniRefused because(String message) {
        return new CniRefused(this, message, "");
    }

    CniRefused because(String message, String details) {
        return new CniRefused(this, message, details);
    }
}
