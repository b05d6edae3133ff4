package io.portolan.sdn;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import java.util.Collection;
import java.util.List;

/** Ports of pods, made in bulk and ahead. */
public interface SdnPorts {
    /** The most ports that one {@link #ensure} should be asked for. */
    @AsksNobody
    int bulk();

    /** All ports of ours on the node's switch, wanted or not. */
    List<SdnPort> list(NodeId node);

    /**
     * Makes the ports that are missing and mends those that differ, in as few calls as the network allows. Ports that are not named are left alone.
     *
     * @return every port named, as it is now
     */
    List<SdnPort> ensure(NodeId node, Collection<PortSpec> ports);

    /** Deletes these ports; those that are not there are done already. Returns when the network has confirmed it. */
    void delete(NodeId node, Collection<PortId> ports);
}
