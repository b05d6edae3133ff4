package io.portolan.agent.cache;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortView;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/** A node's real {@code ovsdb-server}, as an agent finds it: it serves the switch, and knows nothing of us yet. */
public final class TestingNode implements AutoCloseable {
    public static final Duration PATIENCE = Duration.ofSeconds(60);
    public static final ClusterName CLUSTER = new ClusterName("blue");
    public static final NodeName NODE = new NodeName("worker-1");

    private static final Path SWITCH = Path.of("/usr/share/openvswitch/vswitch.ovsschema");

    private final Workspace workspace;
    private final OvsdbServer server;
    private final NodeId id = NodeId.random();
    private final ClusterId clusterId = ClusterId.random();
    private final SubnetId subnet = SubnetId.random();

    public TestingNode() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "node").database(SWITCH).start();
        server.transact("""
                ["Open_vSwitch",{"op":"insert","table":"Open_vSwitch",
                "row":{"external_ids":["map",[["system-id","chassis-1"]]]}}]""");
    }

    public OvsdbServer server() {
        return server;
    }

    public NodeId id() {
        return id;
    }

    public Path file() {
        return server.directory().resolve("portolan/node.db");
    }

    public CacheSettings settings() {
        return settings(NODE, Duration.ofSeconds(30));
    }

    public CacheSettings settings(NodeName name, Duration patience) {
        return new CacheSettings(
                CLUSTER,
                name,
                OvsdbEndpoint.parse(server.unixRemote()),
                Optional.of(server.controlSocket()),
                file(),
                patience);
    }

    public PortCache open(NodeClock clock) {
        PortCache cache = PortCache.open(settings(), clock);
        awaitReady(cache);
        return cache;
    }

    /** Registered, with so many free ports. */
    public PortCache openWith(NodeClock clock, int ports) {
        PortCache cache = open(clock);
        cache.leases().registered(view(30));
        lease(cache, ports(0, ports));
        return cache;
    }

    public static void lease(PortCache cache, List<PortView> ports) {
        cache.leases().leased(cache.leases().claim(Math.max(1, ports.size())), ports);
    }

    public static void awaitReady(PortCache cache) {
        try {
            if (!cache.awaitReady(PATIENCE)) {
                throw new IllegalStateException("the cache is not ready: " + cache.trouble());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public NodeView view(int cooldownSeconds) {
        return view(id, 1, "ready", cooldownSeconds);
    }

    public NodeView view(NodeId node, long epoch, String state, int cooldownSeconds) {
        return new NodeView(
                node,
                NODE,
                clusterId,
                CLUSTER,
                epoch,
                state,
                null,
                4,
                8192,
                110,
                "chassis-1",
                null,
                null,
                Instant.EPOCH,
                new NodeView.Settings(16, 8, cooldownSeconds, 1400),
                List.of(),
                PortCounts.NONE);
    }

    public List<PortView> ports(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(this::port).toList();
    }

    /** The same port each time. */
    public PortView port(int number) {
        IpAddress address = IpAddress.parse("10.4.0.2").plus(number);
        PortId port = new PortId(
                UUID.nameUUIDFromBytes((id + " " + number).getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        return new PortView(
                port,
                id,
                subnet,
                List.of(new PortAddress(address, 16, IpAddress.parse("10.4.0.1"))),
                MacAddress.derivedFrom(address),
                null,
                port.toString(),
                PortState.LEASED,
                null,
                null,
                1L,
                null,
                null,
                null,
                null,
                Instant.EPOCH,
                1);
    }

    public static AttachmentKey key(String sandbox) {
        return new AttachmentKey(sandbox, "eth0");
    }

    public static PortRequest request(String sandbox) {
        return PortRequest.of(key(sandbox), "/run/netns/" + sandbox, new PodRef("shop", "cart", "uid-" + sandbox));
    }

    static String schema() {
        try (InputStream in = PortCache.class.getResourceAsStream("portolan-node.ovsschema")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Workspace workspace() {
        return workspace;
    }

    @Override
    public void close() {
        workspace.close();
    }
}
