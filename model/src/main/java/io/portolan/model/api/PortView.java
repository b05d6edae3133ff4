package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port as ipam-service answers.
 *
 * @param backendId its id in the network, which is the {@code iface-id} that binds it; absent until it was made
 * @param claim the claim that leased it; absent while no node holds it
 * @param leaseEpoch the node's epoch at that claim
 * @param releasedAt when the last pod let go of it
 * @param revision rises with every change
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PortView(
        PortId id,
        NodeId node,
        SubnetId subnet,
        List<PortAddress> addresses,
        MacAddress mac,
        @Nullable VlanTag vlanTag,
        @Nullable String backendId,
        PortState state,
        @Nullable String stateReason,
        @Nullable String claim,
        @Nullable Long leaseEpoch,
        @Nullable String sandbox,
        @Nullable String networkInterface,
        @Nullable PodRef pod,
        @Nullable Instant releasedAt,
        Instant changedAt,
        long revision) {
    public PortView {
        addresses = List.copyOf(addresses);
    }
}
