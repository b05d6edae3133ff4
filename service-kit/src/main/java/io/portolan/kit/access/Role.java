package io.portolan.kit.access;

import java.util.Locale;

/** What a caller may be. Of the three that persons have, each may do what the next one may. */
public enum Role {
    /** Declares what there is: clusters, gateways, pools, security. */
    ADMIN,
    /** Keeps it running: removes and fences nodes, has repaired, gives floating addresses. */
    OPERATOR,
    /** Reads everything. */
    VIEWER,
    /** Another service of Portolan. */
    SERVICE,
    /** The agent of the node that its token names. */
    NODE;

    boolean includes(Role other) {
        return this == other
                || switch (this) {
                    case ADMIN -> other == OPERATOR || other == VIEWER;
                    case OPERATOR -> other == VIEWER;
                    case VIEWER, SERVICE, NODE -> false;
                };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
