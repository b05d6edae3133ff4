package io.portolan.ipam.port;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortView;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A port as a statement answers it: {@code select} {@link #COLUMNS} {@code from port p join subnet s}. */
public interface PortRow {
    String COLUMNS = """
             p.id as "id", p.node_id as "nodeId", p.subnet_id as "subnetId", host(p.ip) as "ip", masklen(s.cidr) as "prefixLength",
             host(s.gateway) as "gateway", cast(p.mac as text) as "mac", p.vlan_tag as "vlanTag", p.backend_id as "backendId",
             p.state as "state", p.state_reason as "stateReason", p.claim as "claim", p.lease_epoch as "leaseEpoch",
             p.sandbox as "sandbox", p.interface as "networkInterface", p.pod_namespace as "podNamespace",
             p.pod_name as "podName", p.pod_uid as "podUid", p.released_at as "releasedAt", p.changed_at as "changedAt",
             p.revision as "revision"
            """;

    UUID getId();

    UUID getNodeId();

    UUID getSubnetId();

    String getIp();

    int getPrefixLength();

    String getGateway();

    String getMac();

    @Nullable Integer getVlanTag();

    @Nullable String getBackendId();

    String getState();

    @Nullable String getStateReason();

    @Nullable UUID getClaim();

    @Nullable Long getLeaseEpoch();

    @Nullable String getSandbox();

    @Nullable String getNetworkInterface();

    @Nullable String getPodNamespace();

    @Nullable String getPodName();

    @Nullable String getPodUid();

    @Nullable Instant getReleasedAt();

    Instant getChangedAt();

    long getRevision();

    default PortView view() {
        Integer tag = getVlanTag();
        UUID claim = getClaim();
        return new PortView(
                new PortId(getId()),
                new NodeId(getNodeId()),
                new SubnetId(getSubnetId()),
                List.of(new PortAddress(IpAddress.parse(getIp()), getPrefixLength(), IpAddress.parse(getGateway()))),
                MacAddress.parse(getMac()),
                tag == null ? null : new VlanTag(tag),
                getBackendId(),
                PortState.parse(getState()),
                getStateReason(),
                claim == null ? null : claim.toString(),
                getLeaseEpoch(),
                getSandbox(),
                getNetworkInterface(),
                pod(getPodNamespace(), getPodName(), getPodUid()),
                getReleasedAt(),
                getChangedAt(),
                getRevision());
    }

    static @Nullable PodRef pod(@Nullable String namespace, @Nullable String name, @Nullable String uid) {
        return namespace == null || name == null ? null : new PodRef(namespace, name, uid);
    }
}
