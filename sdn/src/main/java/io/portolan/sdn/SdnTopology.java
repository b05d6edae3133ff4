package io.portolan.sdn;

import io.portolan.model.NodeId;
import java.util.Optional;
import java.util.Set;

/** Router and switches of one cluster. */
public interface SdnTopology {
    /** Makes the cluster's router, or finds and mends it. */
    Router ensureRouter(RouterSpec spec);

    /**
     * Takes a router that exists as the cluster's. It is not marked, and never deleted by us.
     *
     * @throws SdnFailure.Refused {@code NOT_FOUND} where there is none of this id, {@code SUBNET_OVERLAP} where a
     *     network behind it overlaps the cluster's pods, {@code CONFLICT} where its external network is another
     */
    Router adoptRouter(String routerId, RouterSpec spec);

    /** The router that bears the cluster's mark. */
    Optional<Router> ownRouter();

    /** Deletes the router that bears the cluster's mark; nothing where there is none. */
    void deleteRouter();

    /**
     * Makes the node's switch with its subnets and its port on the router, or mends what differs: a missing or additional
     * subnet, another gateway, another chassis.
     */
    Ensured ensureSwitch(SwitchSpec spec);

    /** Nodes that have a switch, or part of one, with the cluster's mark. */
    Set<NodeId> ownSwitches();

    /**
     * Deletes the node's switch and its router port.
     *
     * @throws SdnFailure.Refused {@code IN_USE} while ports of pods are on it
     */
    void deleteSwitch(NodeId node);
}
