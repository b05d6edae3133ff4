package io.portolan.ipam;

import static java.util.stream.Collectors.toList;

import io.portolan.model.Cidr;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PoolRequest;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.ReportRequest;
import io.portolan.model.api.SubnetRequest;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No request, however malformed or hostile, makes ipam-service fail, tell of its inside, or write half of it. */
class FuzzTest {
    private static PortReport report(PortId port, PortReport.Kind kind) {
        return new PortReport(
                UUID.randomUUID(), port, kind, "sandbox-" + port, "eth0", new PodRef("ns", "pod", null), Instant.now());
    }

    @Test
    void noRequestMakesItFail() throws IOException, SQLException {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/16", 30);
        List<NodeId> nodes = Stream.concat(
                        Stream.generate(() -> World.node(cluster)).limit(6),
                        Stream.of(World.nestedNode(cluster, "parent")))
                .collect(toList());
        List<PortId> ports = new ArrayList<>();
        nodes.forEach(node -> ports.addAll(World.freePorts(node, 0, 27)));
        List<PortId> held = nodes.stream()
                .flatMap(node -> World.claim(node, 6).stream())
                .map(port -> port.id())
                .toList();
        try (Replica replica = Replica.start(World.ledger())) {
            replica.fuzz(World.ledger())
                    .know("cluster", cluster.name())
                    .know("node", nodes.toArray())
                    .know("port", held.toArray())
                    .know("pool", "pods", "more")
                    .know("ip", "10.4.0.2", "10.4.0.3", "10.9.0.1")
                    .know("ordinal", 0, 1, 2, 3)
                    .know("epoch", 1, 1, 1, 0)
                    .know("prefixLength", 27, 28, 29)
                    .example(
                            "PoolRequest",
                            new PoolRequest(Cidr.parse("10.4.0.0/16")),
                            new PoolRequest(Cidr.parse("10.4.0.0/20")))
                    .example("SubnetRequest", new SubnetRequest(28), new SubnetRequest(29))
                    .example("DrainRequest", new DrainRequest(false))
                    .example(
                            "ClaimRequest",
                            IntStream.range(0, 20)
                                    .mapToObj(i -> new ClaimRequest(UUID.randomUUID(), 1, 1 + i % 3))
                                    .toArray())
                    .example(
                            "ReleaseRequest",
                            new ReleaseRequest(1, held.subList(0, 3)),
                            new ReleaseRequest(1, held.subList(9, 10)))
                    .example("RemovalRequest", new RemovalRequest(ports.subList(0, 9)))
                    .example(
                            "TransitionRequest",
                            World.transition(PortState.FREE, PortState.PROVISIONING, ports.subList(20, 25)),
                            World.transition(PortState.PROVISIONING, PortState.FREE, ports.subList(20, 25)),
                            World.transition(PortState.FREE, PortState.FAILED, ports.subList(60, 62)))
                    .example(
                            "ReportRequest",
                            held.stream()
                                    .limit(20)
                                    .map(port -> new ReportRequest(
                                            1,
                                            Arrays.stream(PortReport.Kind.values())
                                                    .map(kind -> report(port, kind))
                                                    .toList()))
                                    .toArray())
                    .mayBeUnable("node-not-ready", "no-free-port", "pool-exhausted", "vlan-tags-exhausted")
                    .run();
        }
    }
}
