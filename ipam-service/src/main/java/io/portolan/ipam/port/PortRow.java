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

/**
 * A port as a statement answers it: {@code select} {@link #COLUMNS} {@code from port p join subnet s}, mapped by {@link
 * #MAPPING}. A record and no projection by an interface, of which every getter is a call through a proxy: thousands of
 * ports are read where a thousand nodes join.
 */
public record PortRow(
        UUID id,
        UUID nodeId,
        UUID subnetId,
        String ip,
        Integer prefixLength,
        String gateway,
        String mac,
        @Nullable Integer vlanTag,
        @Nullable String backendId,
        String state,
        @Nullable String stateReason,
        @Nullable UUID claim,
        @Nullable Long leaseEpoch,
        @Nullable String sandbox,
        @Nullable String networkInterface,
        @Nullable String podNamespace,
        @Nullable String podName,
        @Nullable String podUid,
        @Nullable Instant releasedAt,
        Instant changedAt,
        Long revision) {
    /** On {@link Port}; its columns are in the order of the components. */
    public static final String MAPPING = "port-row";

    public static final String COLUMNS = """
             p.id as "id", p.node_id as "nodeId", p.subnet_id as "subnetId", host(p.ip) as "ip", masklen(s.cidr) as "prefixLength",
             host(s.gateway) as "gateway", cast(p.mac as text) as "mac", p.vlan_tag as "vlanTag", p.backend_id as "backendId",
             p.state as "state", p.state_reason as "stateReason", p.claim as "claim", p.lease_epoch as "leaseEpoch",
             p.sandbox as "sandbox", p.interface as "networkInterface", p.pod_namespace as "podNamespace",
             p.pod_name as "podName", p.pod_uid as "podUid", p.released_at as "releasedAt", p.changed_at as "changedAt",
             p.revision as "revision"
            """;

    public PortView view() {
        return new PortView(
                new PortId(id),
                new NodeId(nodeId),
                new SubnetId(subnetId),
                List.of(new PortAddress(IpAddress.parse(ip), prefixLength, IpAddress.parse(gateway))),
                MacAddress.parse(mac),
                vlanTag == null ? null : new VlanTag(vlanTag),
                backendId,
                PortState.parse(state),
                stateReason,
                claim == null ? null : claim.toString(),
                leaseEpoch,
                sandbox,
                networkInterface,
                pod(podNamespace, podName, podUid),
                releasedAt,
                changedAt,
                revision);
    }

    public static @Nullable PodRef pod(@Nullable String namespace, @Nullable String name, @Nullable String uid) {
        return namespace == null || name == null ? null : new PodRef(namespace, name, uid);
    }
}
