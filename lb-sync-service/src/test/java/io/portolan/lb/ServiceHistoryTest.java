package io.portolan.lb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.lb.desired.Packet;
import io.portolan.lb.desired.ReferenceProxy;
import io.portolan.lb.desired.TestingServices;
import io.portolan.lb.desired.Verdict;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.SubnetId;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.ovn.OvnBackends;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Generated histories of Services and slices, through the API server, the watch, the ledger and the loop into a real
 * northbound database; in the middle the active replica is replaced. Whenever things come to rest, each packet is judged by
 * the rows that OVN was told, and by the plain reference.
 */
class ServiceHistoryTest {
    private static final int SERVICES = 6;
    private static final int STEPS = 60;
    private static final int REST = 5;

    private static Workspace workspace;
    private static OvsdbServer server;
    private static OvsdbClient northbound;
    private static OvnBackends backends;
    private static LbWorld world;

    private final Map<String, NodeId> nodes = new HashMap<>();
    private final Map<String, Service> services = new TreeMap<>();
    private final Map<String, Map<String, EndpointSlice>> slices = new TreeMap<>();

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        northbound = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), "OVN_Northbound"));
        backends = new OvnBackends(Duration.ofSeconds(30));
        world = new LbWorld(new TestingNetworks());
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
        backends.close();
        northbound.close();
        workspace.close();
    }

    private void network(String cluster, ClusterId id) {
        SdnBackend backend = backends.backend(id, server.unixRemote(), null);
        String router = backend.topology()
                .ensureRouter(new RouterSpec(new ClusterName(cluster), List.of(Cidr.parse("10.4.0.0/16")), null))
                .id();
        for (int n = 1; n <= 2; n++) {
            NodeId node = world.node(cluster, "node-" + n);
            nodes.put("node-" + n, node);
            Cidr cidr = Cidr.parse("10.4.%d.0/24".formatted(n));
            IpAddress gateway = cidr.address(1);
            backend.topology()
                    .ensureSwitch(new SwitchSpec(
                            node,
                            new NodeName("node-" + n),
                            router,
                            List.of(new SwitchSpec.Subnet(
                                    SubnetId.random(), cidr, gateway, MacAddress.derivedFrom(gateway))),
                            null,
                            "chassis-" + n,
                            1400));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void whateverHappenedOvnIsToldWhatKubernetesMeans(long seed) {
        String cluster = "history-" + seed;
        TestingKubernetes kubernetes = world.cluster(cluster, server.unixRemote());
        network(cluster, world.id(cluster));
        kubernetes.node("node-1", "192.168.0.1");
        kubernetes.node("node-2", "192.168.0.2");
        Map<String, Object> spec = LbWorld.spec(cluster, "203.0.113.64/28");
        spec.put("nodePortAddresses", List.of("203.0.113.1"));
        world.http().put("/v1/clusters/" + cluster + "/load-balancing", spec).assertStatus(201);
        world.ready(cluster);
        TestingServices generator = new TestingServices(seed);
        for (int step = 1; step <= STEPS; step++) {
            step(generator, kubernetes);
            if (step == STEPS / 2) {
                LbReplica old = world.start();
                world.stop(old);
                world.start("portolan.lb.loop.resync=3s");
            }
            if (step % REST == 0) {
                String when = "seed %d after step %d".formatted(seed, step);
                await().atMost(LbWorld.LONG)
                        .pollInterval(Duration.ofMillis(50))
                        .untilAsserted(() -> compare(when, cluster));
            }
        }
    }

    private void step(TestingServices generator, TestingKubernetes kubernetes) {
        int number = generator.random().nextInt(SERVICES);
        String name = "s-" + number;
        switch (generator.random().nextInt(6)) {
            case 0 -> {
                kubernetes.deleteService(name);
                services.remove(name);
            }
            case 1, 2 -> {
                Service service = generator.service(name, number);
                kubernetes.apply(service);
                services.put(name, service);
            }
            default -> {
                String key = name + "-" + generator.random().nextInt(3);
                if (generator.random().nextInt(5) == 0) {
                    kubernetes
                            .client()
                            .discovery()
                            .v1()
                            .endpointSlices()
                            .inNamespace("ns")
                            .withName(key)
                            .delete();
                    slices.getOrDefault(name, new TreeMap<>()).remove(key);
                } else {
                    EndpointSlice made = generator.slice(name, key);
                    kubernetes.apply(made);
                    slices.computeIfAbsent(name, any -> new TreeMap<>()).put(key, made);
                }
            }
        }
    }

    private void compare(String when, String cluster) {
        Map<String, Set<String>> granted = world
                .rows(
                        "select b.namespace || '/' || b.name || ' ' || host(e.ip) from external_address e join load_balancer b on b.id = e.load_balancer_id where b.cluster_id = '%s'"
                                .formatted(world.id(cluster)))
                .stream()
                .map(row -> row.split(" "))
                .collect(Collectors.toMap(row -> row[0], row -> Set.of(row[1])));
        ReferenceProxy reference =
                new ReferenceProxy(granted, Set.of("192.168.0.1", "192.168.0.2"), Set.of("203.0.113.1"), false);
        services.forEach((name, service) -> {
            boolean wants = "LoadBalancer".equals(service.getSpec().getType())
                    && service.getSpec().getClusterIP() != null
                    && !service.getSpec().getClusterIP().equals("None")
                    && service.getMetadata().getLabels() == null
                    && !"example.com/other".equals(service.getSpec().getLoadBalancerClass());
            assertThat(granted.containsKey("ns/" + name))
                    .as("%s: %s has an external address", when, name)
                    .isEqualTo(wants);
        });
        OvnVerdicts ovn = OvnVerdicts.read(northbound);
        String[] addresses = granted.values().stream().flatMap(Set::stream).toArray(String[]::new);
        for (Packet packet : TestingServices.packets(SERVICES, addresses)) {
            Verdict wanted = new Verdict.Passed();
            boolean limited = false;
            for (Service service : services.values()) {
                String name = service.getMetadata().getName();
                Verdict one = reference.verdict(
                        service, slices.getOrDefault(name, Map.of()).values(), packet);
                if (!(one instanceof Verdict.Passed)) {
                    wanted = one;
                    List<String> ranges = service.getSpec().getLoadBalancerSourceRanges();
                    limited = ranges != null && !ranges.isEmpty();
                }
            }
            Verdict got = packet.node() == null
                    ? ovn.outside(packet, world.id(cluster))
                    : ovn.inside(packet, nodes.get(packet.node()).value());
            boolean closed = !(got instanceof Verdict.Balanced) && !(got instanceof Verdict.Refused);
            boolean tolerated = closed && (limited || wanted instanceof Verdict.Lost);
            if (!tolerated) {
                assertThat(got).as("%s: %s", when, packet).isEqualTo(wanted);
            }
        }
    }
}
