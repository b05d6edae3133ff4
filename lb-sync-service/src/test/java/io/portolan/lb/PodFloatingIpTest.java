package io.portolan.lb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The annotation {@code portolan.io/floating-ip}. */
class PodFloatingIpTest {
    private final TestingTopology topology = new TestingTopology();
    private LbWorld world;
    private TestingKubernetes kubernetes;

    @BeforeEach
    void aWatchedCluster() {
        world = new LbWorld(new TestingNetworks());
        kubernetes = world.cluster("blue", "testing:");
        start();
        world.watch("blue");
    }

    private LbReplica start() {
        return world.start("portolan.lb.topology.url=" + topology.url());
    }

    @AfterEach
    void stop() {
        world.close();
        topology.close();
    }

    private static Pod pod(String name, Map<String, String> annotations) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(name)
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .endContainer()
                .endSpec()
                .build();
    }

    private void apply(String name, String wish) {
        apply(pod(name, Map.of("portolan.io/floating-ip", wish)));
    }

    private void apply(Pod pod) {
        kubernetes.client().pods().resource(pod).createOr(NonDeletingOperation::update);
    }

    private void delete(String name) {
        kubernetes
                .client()
                .pods()
                .inNamespace("ns")
                .withName(name)
                .withGracePeriod(0)
                .delete();
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(LbWorld.LONG).pollInterval(Duration.ofMillis(50)).untilAsserted(assertion);
    }

    @Test
    void anAnnotatedPodHasAnAddressAndIsToldWhich() {
        apply("shop-0", "auto");
        apply("shop-1", "203.0.113.30");
        apply(pod("plain", Map.of()));
        soon(() -> assertThat(topology.floatingIps())
                .containsExactly("pod.ns.shop-0 203.0.113.17 ns/shop-0", "pod.ns.shop-1 203.0.113.30 ns/shop-1"));
        soon(() -> assertThat(kubernetes.events("shop-1")).containsExactly("FloatingIpAssigned"));
    }

    @Test
    void anotherAddressIsAnotherFloatingIp() {
        apply("shop-0", "203.0.113.30");
        soon(() -> assertThat(topology.floatingIps()).hasSize(1));
        apply("shop-0", "203.0.113.31");
        soon(() -> assertThat(topology.floatingIps()).containsExactly("pod.ns.shop-0 203.0.113.31 ns/shop-0"));
    }

    @Test
    void aPodThatIsMadeAnewKeepsItsAddressAndOneThatIsGoneGivesItBack() {
        apply("shop-0", "auto");
        soon(() -> assertThat(topology.floatingIps()).hasSize(1));
        delete("shop-0");
        apply("shop-0", "auto");
        apply("shop-1", "auto");
        soon(() -> assertThat(topology.floatingIps()).hasSize(2));
        assertThat(topology.writes()).as("nothing was given back").noneMatch(write -> write.startsWith("DELETE"));
        delete("shop-0");
        apply(pod("shop-1", Map.of()));
        soon(() -> assertThat(topology.floatingIps()).isEmpty());
    }

    @Test
    void whatCannotBeIsSaidAndChangesNothing() {
        apply("malformed", "10.0.0");
        Pod onTheHost = pod("host", Map.of("portolan.io/floating-ip", "auto"))
                .edit()
                .editSpec()
                .withHostNetwork(true)
                .endSpec()
                .build();
        apply(onTheHost);
        topology.gateway(false);
        apply("early", "auto");
        for (String pod : List.of("malformed", "host", "early")) {
            soon(() -> assertThat(kubernetes.events(pod)).containsExactly("FloatingIpRefused"));
        }
        assertThat(topology.writes()).isEmpty();
    }

    @Test
    void aTopologyServiceThatIsAwayLosesNothingAndNeitherDoesATakeover() {
        topology.up(false);
        apply("shop-0", "auto");
        LbReplica first = world.start("portolan.lb.topology.url=" + topology.url());
        topology.up(true);
        soon(() -> assertThat(topology.floatingIps()).hasSize(1));
        apply("shop-1", "auto");
        soon(() -> assertThat(topology.floatingIps()).hasSize(2));
        world.stop(first);
        LbReplica second = start();
        assertThat(second).isNotNull();
        delete("shop-0");
        soon(() -> assertThat(topology.floatingIps()).containsExactly("pod.ns.shop-1 203.0.113.18 ns/shop-1"));
        assertThat(topology.writes()).containsExactly("PUT pod.ns.shop-0", "PUT pod.ns.shop-1", "DELETE pod.ns.shop-0");
    }

    @Test
    void floatingAddressesOfOthersAreNotTouched() {
        topology.put("mine", "203.0.113.40");
        apply("shop-0", "auto");
        soon(() -> assertThat(topology.floatingIps()).hasSize(2));
        delete("shop-0");
        soon(() -> assertThat(topology.floatingIps()).containsExactly("mine 203.0.113.40 nobody"));
    }
}
