package io.portolan.agent.cache;

import io.portolan.agent.cache.CachedPort.Released;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortReport;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tables of {@code Portolan_Node}, row by row. */
final class CacheRows {
    static final String NODE = "Node";
    static final String PORT = "Port";
    static final String ATTACHMENT = "Attachment";
    static final String REPORT = "Report";
    static final String SECURITY = "Security";
    static final String SERIAL = "serial";

    private static final int MTU_UNTIL_REGISTERED = 1400;

    private CacheRows() {}

    static Row node(NodeRecord node) {
        Row names = Row.empty()
                .with("cluster", node.cluster().value())
                .with("node", node.node().value());
        Row row = node.registration()
                .map(known -> registered(names, known))
                .orElse(names.with("lease_batch", 1).with("mtu", MTU_UNTIL_REGISTERED));
        return row.with("fenced", optional(node.fenced().orElse(null)))
                .with(
                        "claim",
                        node.claim().<Value>map(claim -> Atom.of(claim.id())).orElse(Value.emptySet()))
                .with(
                        "claim_count",
                        node.claim().map(claim -> (long) claim.count()).orElse(0L));
    }

    private static Row registered(Row names, NodeRecord.Registration known) {
        return names.with("node_id", known.id().value())
                .with("cluster_id", known.cluster().value())
                .with("epoch", known.epoch())
                .with("state", known.state())
                .with("lease_batch", known.settings().leaseBatch())
                .with("warm_headroom", known.settings().warmHeadroom())
                .with("cooldown_seconds", known.settings().cooldownSeconds())
                .with("mtu", known.settings().mtu());
    }

    static NodeRecord node(Row row) {
        Optional<NodeRecord.Registration> registration = row.optionalUuid("node_id")
                .map(id -> new NodeRecord.Registration(
                        new NodeId(id),
                        new ClusterId(row.uuid("cluster_id")),
                        row.integer("epoch"),
                        row.string("state"),
                        new NodeView.Settings(
                                (int) row.integer("lease_batch"),
                                (int) row.integer("warm_headroom"),
                                (int) row.integer("cooldown_seconds"),
                                (int) row.integer("mtu"))));
        return new NodeRecord(
                new ClusterName(row.string("cluster")),
                new NodeName(row.string("node")),
                registration,
                row.optionalString("fenced"),
                row.optionalUuid("claim").map(id -> new NodeRecord.PendingClaim(id, (int) row.integer("claim_count"))));
    }

    static Row port(CachedPort port) {
        Map<String, String> addresses = new LinkedHashMap<>();
        port.addresses()
                .forEach(one -> addresses.put(
                        one.address() + "/" + one.prefixLength(), one.gateway().toString()));
        VlanTag tag = port.vlanTag();
        return mutable(port)
                .with("subnet", port.subnet().value())
                .with("backend_id", port.backendId())
                .with("mac", port.mac().toString())
                .with("addresses", addresses)
                .with("vlan_tag", tag == null ? Value.emptySet() : Atom.of(tag.id()));
    }

    /** The columns of a port that change. */
    static Row mutable(CachedPort port) {
        Released released = port.released();
        Row row = Row.empty()
                .with("state", port.state().text())
                .with("disputed", optional(port.disputed()))
                .with("profiles", Value.uuids(ids(port.profiles())))
                .with("profiles_known", port.profiles() != null)
                .with("revision", port.revision());
        return released == null
                ? row.with("released_at", Value.emptySet())
                        .with("released_boot", Value.emptySet())
                        .with("released_uptime", Value.emptySet())
                        .with("released_by", Value.emptyMap())
                : row.with("released_at", released.at().toEpochMilli())
                        .with("released_boot", released.uptime().boot())
                        .with("released_uptime", released.uptime().length().toMillis())
                        .with(
                                "released_by",
                                Map.of(released.by().sandbox(), released.by().networkInterface()));
    }

    static CachedPort port(Row row) {
        List<PortAddress> addresses = new ArrayList<>();
        row.stringMap("addresses").forEach((address, gateway) -> addresses.add(address(address, gateway)));
        addresses.sort(Comparator.comparing(PortAddress::address));
        OptionalLong tag = row.optionalInteger("vlan_tag");
        return new CachedPort(
                new PortId(row.id()),
                new SubnetId(row.uuid("subnet")),
                row.string("backend_id"),
                MacAddress.parse(row.string("mac")),
                addresses,
                tag.isPresent() ? new VlanTag((int) tag.getAsLong()) : null,
                CachedPort.State.of(row.string("state")),
                row.optionalString("disputed").orElse(null),
                released(row),
                row.bool("profiles_known") ? profiles(row) : null,
                row.integer("revision"));
    }

    private static List<UUID> ids(@Nullable Set<ProfileId> profiles) {
        return profiles == null
                ? List.of()
                : profiles.stream().sorted().map(ProfileId::value).toList();
    }

    private static Set<ProfileId> profiles(Row row) {
        return row.uuids("profiles").stream().map(ProfileId::new).collect(Collectors.toUnmodifiableSet());
    }

    static Row security(KnownSecurity known) {
        return Row.empty()
                .with("node_id", known.node().value())
                .with("tag", known.tag())
                .with("catalogue", known.catalogue());
    }

    static KnownSecurity security(Row row) {
        return new KnownSecurity(new NodeId(row.uuid("node_id")), row.string("tag"), row.string("catalogue"));
    }

    private static PortAddress address(String text, String gateway) {
        int slash = text.indexOf('/');
        IpAddress address = IpAddress.parse(text.substring(0, slash));
        int prefixLength = Cidr.around(address, Integer.parseInt(text.substring(slash + 1)))
                .prefixLength();
        return new PortAddress(address, prefixLength, IpAddress.parse(gateway));
    }

    private static @Nullable Released released(Row row) {
        OptionalLong at = row.optionalInteger("released_at");
        if (at.isEmpty()) {
            return null;
        }
        Duration length =
                Duration.ofMillis(row.optionalInteger("released_uptime").orElse(0));
        Map.Entry<String, String> by =
                row.stringMap("released_by").entrySet().iterator().next();
        return new Released(
                Instant.ofEpochMilli(at.getAsLong()),
                new NodeClock.Uptime(row.optionalString("released_boot").orElse(""), length),
                new AttachmentKey(by.getKey(), by.getValue()));
    }

    static Row attachment(Attachment attachment) {
        return pod(attachment.pod())
                .with("sandbox", attachment.key().sandbox())
                .with("interface", attachment.key().networkInterface())
                .with("port", attachment.port().value())
                .with("netns", attachment.netns())
                .with("bound_at", attachment.boundAt().toEpochMilli())
                .with("notes", attachment.notes());
    }

    static Attachment attachment(Row row) {
        return new Attachment(
                row.id(),
                new AttachmentKey(row.string("sandbox"), row.string("interface")),
                new PortId(row.uuid("port")),
                row.string("netns"),
                pod(row),
                Instant.ofEpochMilli(row.integer("bound_at")),
                row.stringMap("notes"));
    }

    static Row report(CacheView.Queued queued) {
        PortReport report = queued.report();
        return pod(report.pod())
                .with("seq", queued.seq())
                .with("kind", report.kind().name())
                .with("port", report.port().value())
                .with("sandbox", report.sandbox())
                .with("interface", report.networkInterface())
                .with("at", report.at().toEpochMilli());
    }

    static CacheView.Queued report(Row row) {
        return new CacheView.Queued(
                row.integer("seq"),
                new PortReport(
                        row.id(),
                        new PortId(row.uuid("port")),
                        PortReport.Kind.valueOf(row.string("kind")),
                        row.string("sandbox"),
                        row.string("interface"),
                        pod(row),
                        Instant.ofEpochMilli(row.integer("at"))));
    }

    private static Row pod(@Nullable PodRef pod) {
        return pod == null
                ? Row.empty()
                : Row.empty()
                        .with("pod_namespace", pod.namespace())
                        .with("pod_name", pod.name())
                        .with("pod_uid", optional(pod.uid()));
    }

    private static @Nullable PodRef pod(Row row) {
        return row.optionalString("pod_name")
                .map(name -> new PodRef(
                        row.optionalString("pod_namespace").orElse(""),
                        name,
                        row.optionalString("pod_uid").orElse(null)))
                .orElse(null);
    }

    private static Value optional(@Nullable String text) {
        return text == null ? Value.emptySet() : Atom.of(text);
    }
}
