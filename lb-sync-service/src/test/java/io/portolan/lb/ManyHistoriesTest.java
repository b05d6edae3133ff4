package io.portolan.lb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.lb.desired.Packet;
import io.portolan.lb.desired.Promised;
import io.portolan.lb.desired.ReferenceProxy;
import io.portolan.lb.desired.TestingServices;
import io.portolan.lb.desired.Verdict;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.sdn.LoadBalancerSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * More than a hundred Services live through histories of their own at once, through the API server, the watch, the ledger and the
 * loop into a network in memory; in the middle the API server is away and forgets, so that events are lost, and others come
 * twice. At the end each packet goes where the plain reference says.
 */
class ManyHistoriesTest {
    private static final int SERVICES = 135;
    private static final int STEPS = 1_350;

    private final TestingNetworks networks = new TestingNetworks();
    private final LbWorld world = new LbWorld(networks);
    private final Map<String, Service> services = new TreeMap<>();
    private final Map<String, Map<String, EndpointSlice>> slices = new TreeMap<>();
    private final Map<String, NodeId> nodes = new HashMap<>();
    private final Random random = new Random(20_261_122);

    @AfterEach
    void stop() {
        world.close();
    }

    @Test
    void hundredsOfHistoriesAtOnceEndAsKubernetesMeansThem() {
        TestingKubernetes kubernetes = world.cluster("blue", "testing:");
        List.of("node-1", "node-2").forEach(name -> nodes.put(name, world.node("blue", name)));
        kubernetes.node("node-1", "192.168.0.1");
        kubernetes.node("node-2", "192.168.0.2");
        world.start();
        Map<String, Object> spec = LbWorld.spec("blue", "203.0.112.0/24");
        spec.put("nodePortAddresses", List.of("203.0.113.1"));
        world.http().put("/v1/clusters/blue/load-balancing", spec).assertStatus(201);
        world.ready("blue");
        List<TestingServices> generators =
                random.longs(SERVICES).mapToObj(TestingServices::new).toList();
        for (int step = 0; step < STEPS; step++) {
            int which = random.nextInt(SERVICES);
            step(generators.get(which), number(which), kubernetes);
            if (step == STEPS / 3) {
                kubernetes.api().leave();
            } else if (step == STEPS / 2) {
                kubernetes.api().comeBack();
            }
        }
        await().atMost(LbWorld.LONG).pollInterval(Duration.ofMillis(500)).untilAsserted(this::compare);
        assertThat(kubernetes.api().gone()).isPositive();
        assertThat(services).hasSizeGreaterThan(SERVICES / 3);
    }

    /** Of those whose node ports are no other one's: each Service has two, 27 apart. */
    private static int number(int which) {
        return which / 27 * 54 + which % 27;
    }

    private void step(TestingServices generator, int number, TestingKubernetes kubernetes) {
        String name = "s-" + number;
        switch (random.nextInt(6)) {
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
                String key = name + "-" + random.nextInt(2);
                EndpointSlice made = generator.slice(name, key);
                kubernetes.apply(made);
                slices.computeIfAbsent(name, any -> new TreeMap<>()).put(key, made);
            }
        }
    }

    private void compare() {
        Map<String, Set<String>> granted = world
                .rows("select b.namespace || '/' || b.name || ' ' || host(e.ip) from external_address e"
                        + " join load_balancer b on b.id = e.load_balancer_id")
                .stream()
                .map(row -> row.split(" "))
                .collect(Collectors.toMap(row -> row[0], row -> Set.of(row[1])));
        ReferenceProxy reference =
                new ReferenceProxy(granted, Set.of("192.168.0.1", "192.168.0.2"), Set.of("203.0.113.1"), false);
        Map<LoadBalancerId, LoadBalancerSpec> told =
                networks.balancers(world.id("blue")).everything();
        for (int which = 0; which < SERVICES; which++) {
            int number = number(which);
            String name = "s-" + number;
            LoadBalancerSpec spec = told.get(world.balancer("blue", name));
            Service service = services.get(name);
            if (service == null) {
                assertThat(spec).as("%s is gone", name).isNull();
                continue;
            }
            String[] external = granted.getOrDefault("ns/" + name, Set.of()).toArray(String[]::new);
            for (Packet packet : TestingServices.packetsTo(number, external)) {
                Verdict wanted = reference.verdict(
                        service, slices.getOrDefault(name, Map.of()).values(), packet);
                Verdict got = spec == null ? new Verdict.Passed() : Promised.verdict(spec.listeners(), packet, nodes);
                boolean limited = service.getSpec().getLoadBalancerSourceRanges() != null
                        && !service.getSpec().getLoadBalancerSourceRanges().isEmpty();
                if (!(limited && got instanceof Verdict.Lost)) {
                    assertThat(got).as("%s: %s", name, packet).isEqualTo(wanted);
                }
            }
        }
    }
}
