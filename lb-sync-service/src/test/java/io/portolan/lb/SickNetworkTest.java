package io.portolan.lb;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Member;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two clusters, the network of one of which hangs: it is given up, left alone, and costs the other nothing. */
class SickNetworkTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final TestingNetworks networks = new TestingNetworks();
    private final LbWorld world = new LbWorld(networks);

    @AfterEach
    void stop() {
        world.close();
    }

    private Map<LoadBalancerId, LoadBalancerSpec> everything(String cluster) {
        return networks.balancers(world.id(cluster)).everything();
    }

    private List<IpAddress> members(String cluster, String service) {
        LoadBalancerSpec spec = everything(cluster).get(world.balancer(cluster, service));
        return spec == null
                ? List.of()
                : spec.listeners().stream()
                        .flatMap(listener -> listener.pool().members().stream())
                        .map(Member::address)
                        .toList();
    }

    private void expect(String cluster, String service, String member) {
        await().atMost(LIMIT).until(() -> members(cluster, service).equals(List.of(IpAddress.parse(member))));
    }

    @Test
    void aNetworkThatHangsIsLeftAloneAndHoldsUpNoOtherCluster() {
        TestingKubernetes blue = world.cluster("blue", "testing:");
        TestingKubernetes green = world.cluster("green", "testing:");
        world.start(
                "resilience4j.timelimiter.configs.sdn.timeout-duration=2s",
                "resilience4j.circuitbreaker.configs.sdn.minimum-number-of-calls=2",
                "resilience4j.circuitbreaker.configs.sdn.wait-duration-in-open-state=3s");
        for (String cluster : List.of("blue", "green")) {
            world.watch(cluster);
        }
        for (TestingKubernetes each : List.of(blue, green)) {
            each.apply(clusterService("web", "10.96.0.10"));
            each.apply(slice("web", "10.4.1.2"));
        }
        expect("blue", "web", "10.4.1.2");
        expect("green", "web", "10.4.1.2");
        Map<LoadBalancerId, LoadBalancerSpec> before = everything("blue");

        CountDownLatch until = networks.hang(world.id("blue"));
        blue.apply(slice("web", "10.4.1.3"));
        green.apply(clusterService("new", "10.96.0.11"));
        green.apply(slice("new", "10.4.1.4"));
        expect("green", "new", "10.4.1.4");
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(
                                        world.http().get("/actuator/prometheus").body())
                                .containsPattern(
                                        "resilience4j_circuitbreaker_not_permitted_calls_total\\{[^}]*name=\"sdn-blue\"[^}]*} [1-9]"));
        green.apply(slice("new", "10.4.1.5"));
        expect("green", "new", "10.4.1.5");
        assertThat(everything("blue")).as("a read that fails removes nothing").isEqualTo(before);

        until.countDown();
        expect("blue", "web", "10.4.1.3");
        assertThat(everything("blue")).containsOnlyKeys(world.balancer("blue", "web"));
    }
}
