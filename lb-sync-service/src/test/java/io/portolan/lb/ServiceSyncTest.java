package io.portolan.lb;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.loadBalancer;
import static io.portolan.lb.TestingKubernetes.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Service;
import io.portolan.model.IpAddress;
import io.portolan.sdn.InMemoryLoadBalancers;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The whole service on a real ledger, an API server in memory and a network in memory. */
class ServiceSyncTest {
    private final TestingNetworks networks = new TestingNetworks();
    private LbWorld world;
    private TestingKubernetes kubernetes;
    private InMemoryLoadBalancers network;

    @BeforeEach
    void aWatchedCluster() {
        world = new LbWorld(networks);
        kubernetes = world.cluster("blue", "testing:");
        network = networks.balancers(world.id("blue"));
    }

    @AfterEach
    void stop() {
        networks.up(true);
        world.close();
    }

    private Set<String> members(String service) {
        LoadBalancerSpec spec = network.everything().get(world.balancer("blue", service));
        Set<String> members = new TreeSet<>();
        if (spec != null) {
            for (Listener listener : spec.listeners()) {
                for (Member member : listener.pool().members()) {
                    members.add(member.address() + ":" + member.port());
                }
            }
        }
        return members;
    }

    private Set<String> places(String service) {
        LoadBalancerSpec spec = network.everything().get(world.balancer("blue", service));
        return spec == null
                ? Set.of()
                : spec.listeners().stream()
                        .map(listener -> "%s:%d %s"
                                .formatted(
                                        listener.frontend().address(),
                                        listener.frontend().port(),
                                        listener.frontend().reach()))
                        .collect(Collectors.toCollection(TreeSet::new));
    }

    private void expectMembers(String service, String... members) {
        await().atMost(LbWorld.LONG)
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> assertThat(members(service)).containsExactly(members));
    }

    @Test
    void aServiceComesFollowsItsEndpointsAndGoes() {
        world.start("portolan.lb.loop.resync=1h");
        world.watch("blue");
        kubernetes.apply(clusterService("web", "10.96.0.10"));
        world.active("blue", "web");
        assertThat(places("web")).containsExactly("10.96.0.10:80 INSIDE");
        assertThat(members("web")).isEmpty();
        kubernetes.apply(slice("web", "10.4.1.2", "10.4.1.3"));
        expectMembers("web", "10.4.1.2:8080", "10.4.1.3:8080");
        kubernetes.apply(slice("web", "10.4.1.3"));
        expectMembers("web", "10.4.1.3:8080");
        world.active("blue", "web");
        JsonNode shown = world.http()
                .get("/v1/clusters/blue/load-balancers/ns/web")
                .assertStatus(200)
                .json();
        assertThat(shown.path("listeners").get(0).path("address").asString()).isEqualTo("10.96.0.10");
        assertThat(shown.path("pools")
                        .get(0)
                        .path("members")
                        .get(0)
                        .path("address")
                        .asString())
                .isEqualTo("10.4.1.3");
        Service headless = kubernetes
                .service("web")
                .edit()
                .editSpec()
                .withType("ExternalName")
                .withClusterIP(null)
                .withClusterIPs(List.of())
                .endSpec()
                .build();
        kubernetes.apply(headless);
        await().atMost(LbWorld.LONG).until(() -> network.everything().isEmpty());
        kubernetes.apply(clusterService("other", "10.96.0.11"));
        world.active("blue", "other");
        kubernetes.deleteService("other");
        await().atMost(LbWorld.LONG).until(() -> network.everything().isEmpty());
        await().atMost(LbWorld.LONG)
                .until(() -> world.rows("select name from load_balancer").isEmpty());
    }

    @Test
    void aLoadBalancerGetsAnExternalAddressWhileThereAreSome() {
        world.start();
        world.watch("blue", "203.0.113.8/31");
        for (int i = 0; i < 2; i++) {
            String name = "public-" + i;
            kubernetes.apply(loadBalancer(name, "10.96.0.2" + i));
            kubernetes.apply(slice(name, "10.4.1.2"));
            await().atMost(LbWorld.LONG).until(() -> !kubernetes.ingress(name).isEmpty());
        }
        assertThat(Set.of(kubernetes.ingress("public-0"), kubernetes.ingress("public-1")))
                .containsExactlyInAnyOrder("203.0.113.8", "203.0.113.9");
        assertThat(places("public-0"))
                .contains(
                        kubernetes.ingress("public-0") + ":80 INSIDE", kubernetes.ingress("public-0") + ":80 OUTSIDE");
        kubernetes.apply(loadBalancer("late", "10.96.0.29"));
        await().atMost(LbWorld.LONG).until(() -> kubernetes.events("late").contains("NoExternalAddress"));
        assertThat(kubernetes.ingress("late")).isEmpty();
        assertThat(places("late")).containsExactly("10.96.0.29:80 INSIDE");
        world.http()
                .put("/v1/clusters/blue/load-balancing", LbWorld.spec("blue", "203.0.113.8/32"))
                .assertProblem(409, "external-address-granted", "externalCidrs");

        kubernetes.apply(kubernetes
                .service("public-0")
                .edit()
                .editSpec()
                .withType("ClusterIP")
                .endSpec()
                .build());
        await().atMost(LbWorld.LONG).until(() -> kubernetes.ingress("public-0").isEmpty());
        assertThat(places("public-0")).containsExactly("10.96.0.20:80 INSIDE");
        await().atMost(LbWorld.LONG).until(() -> !kubernetes.ingress("late").isEmpty());
    }

    @Test
    void whatIsRefusedIsSaidOnTheServiceOnce() {
        world.start();
        world.watch("blue");
        kubernetes.node("node-1", "192.168.0.1");
        Service service = clusterService("np", "10.96.0.30")
                .edit()
                .editSpec()
                .withType("NodePort")
                .editFirstPort()
                .withNodePort(30080)
                .endPort()
                .endSpec()
                .build();
        kubernetes.apply(service);
        await().atMost(LbWorld.LONG).until(() -> kubernetes.events("np").contains("NodePortNotOutside"));
        await().atMost(LbWorld.LONG)
                .untilAsserted(() ->
                        assertThat(places("np")).containsExactly("10.96.0.30:80 INSIDE", "192.168.0.1:30080 INSIDE"));
        world.active("blue", "np");
        assertThat(world.http()
                        .get("/v1/clusters/blue/load-balancers/ns/np")
                        .json()
                        .path("stateReason")
                        .asString())
                .startsWith("NodePortNotOutside: ");
        kubernetes.node("node-2", "192.168.0.2");
        await().atMost(LbWorld.LONG).until(() -> places("np").contains("192.168.0.2:30080 INSIDE"));
        assertThat(kubernetes.events("np")).containsExactly("NodePortNotOutside");
    }

    @Test
    void ofTwoServicesAtOneAddressTheFirstHasItUntilItGoes() {
        world.start();
        world.watch("blue");
        Service first = clusterService("first", "10.96.0.40")
                .edit()
                .editSpec()
                .withExternalIPs("198.51.100.1")
                .endSpec()
                .build();
        Service second = clusterService("second", "10.96.0.41")
                .edit()
                .editSpec()
                .withExternalIPs("198.51.100.1")
                .endSpec()
                .build();
        kubernetes.apply(first);
        world.active("blue", "first");
        kubernetes.apply(second);
        await().atMost(LbWorld.LONG).until(() -> kubernetes.events("second").contains("AddressTaken"));
        assertThat(places("second")).containsExactly("10.96.0.41:80 INSIDE");
        kubernetes.deleteService("first");
        await().atMost(LbWorld.LONG).until(() -> places("second").size() == 3);
    }

    @Test
    void lesson21OneSickBalancerDelaysNoneOfFifty() {
        network.batch(1);
        CountDownLatch hanging = new CountDownLatch(1);
        network.sicken(world.balancer("blue", "s-0"), spec -> {
            try {
                hanging.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return new Settled.Pending("PENDING_UPDATE");
        });
        network.sicken(world.balancer("blue", "s-1"), spec -> new Settled.Pending("PENDING_UPDATE"));
        world.start();
        world.watch("blue");
        IntStream.range(0, 50).forEach(i -> {
            kubernetes.apply(clusterService("s-" + i, "10.96.1." + i));
            kubernetes.apply(slice("s-" + i, "10.4.1.2"));
        });
        IntStream.range(2, 50).forEach(i -> world.active("blue", "s-" + i));
        kubernetes.apply(slice("s-7", "10.4.1.9"));
        expectMembers("s-7", "10.4.1.9:8080");
        assertThat(world.state("blue", "s-0")).isEqualTo("pending");
        assertThat(world.state("blue", "s-1")).isEqualTo("pending");
        network.heal(world.balancer("blue", "s-0"));
        network.heal(world.balancer("blue", "s-1"));
        hanging.countDown();
        world.active("blue", "s-0");
        world.active("blue", "s-1");
    }

    @Test
    void aTakeoverLosesNothingAndRepeatsNothing() {
        LbReplica first = world.start();
        world.watch("blue");
        IntStream.range(0, 20).forEach(i -> {
            kubernetes.apply(clusterService("s-" + i, "10.96.1." + i));
            kubernetes.apply(slice("s-" + i, "10.4.1.2"));
        });
        IntStream.range(0, 20).forEach(i -> expectMembers("s-" + i, "10.4.1.2:8080"));
        IntStream.range(0, 20).forEach(i -> world.active("blue", "s-" + i));
        List<String> ledger = world.rows("select cast(b as text) from load_balancer b order by id");
        int writes = network.writes();
        LbReplica second = world.start();
        world.stop(first);
        kubernetes.apply(slice("s-3", "10.4.1.7"));
        expectMembers("s-3", "10.4.1.7:8080");
        assertThat(network.writes()).as("only what is new is written").isEqualTo(writes + 1);
        world.active("blue", "s-3");
        String changed = world.balancer("blue", "s-3").toString();
        assertThat(world.rows(
                        "select cast(b as text) from load_balancer b where id <> '%s' order by id".formatted(changed)))
                .isEqualTo(ledger.stream().filter(row -> !row.contains(changed)).toList());
        world.stop(second);
        kubernetes.deleteService("s-4");
        world.start();
        await().atMost(LbWorld.LONG).until(() -> !network.everything().containsKey(world.balancer("blue", "s-4")));
        assertThat(network.everything()).hasSize(19);
        assertThat(network.writes()).isEqualTo(writes + 2);
    }

    @Test
    void lesson22DriftIsMendedAndCountedAndOrphansGoAfterTwoLooks() {
        world.start();
        world.watch("blue");
        kubernetes.apply(clusterService("web", "10.96.0.10"));
        kubernetes.apply(slice("web", "10.4.1.2"));
        expectMembers("web", "10.4.1.2:8080");
        world.active("blue", "web");
        LoadBalancerSpec good = network.everything().get(world.balancer("blue", "web"));
        network.tamper(new LoadBalancerSpec(good.id(), good.name(), List.of()));
        network.tamper(new LoadBalancerSpec(world.balancer("blue", "ghost"), "ns/ghost", good.listeners()));
        await().atMost(LbWorld.LONG).until(() -> network.everything().equals(Map.of(good.id(), good)));
        assertThat(world.http().get("/actuator/prometheus").body())
                .containsPattern("portolan_lb_drift_total\\{[^}]*cluster=\"blue\"[^}]*} 1\\.0");
    }

    @Test
    void whileTheNetworkIsAwayNothingIsDeletedAndAfterwardsAllIsRight() {
        world.start();
        world.watch("blue");
        kubernetes.apply(clusterService("web", "10.96.0.10"));
        kubernetes.apply(slice("web", "10.4.1.2"));
        expectMembers("web", "10.4.1.2:8080");
        networks.up(false);
        kubernetes.apply(slice("web", "10.4.1.3"));
        kubernetes.apply(clusterService("new", "10.96.0.11"));
        await().atMost(LbWorld.LONG).until(() -> world.state("blue", "new").equals("pending"));
        assertThat(members("web")).containsExactly("10.4.1.2:8080");
        networks.up(true);
        expectMembers("web", "10.4.1.3:8080");
        world.active("blue", "new");
    }

    @Test
    void aClusterIsLeftWhenItIsSaidSo() {
        world.start();
        world.watch("blue");
        kubernetes.apply(clusterService("web", "10.96.0.10"));
        world.active("blue", "web");
        world.http().delete("/v1/clusters/blue/load-balancing").assertStatus(204);
        await().atMost(LbWorld.LONG)
                .until(() ->
                        world.http().get("/v1/clusters/blue/load-balancing").status() == 404);
        assertThat(network.everything()).isEmpty();
        assertThat(world.rows("select name from load_balancer")).isEmpty();
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(
                                world.http().get("/actuator/prometheus").body())
                        .as("nothing is counted of it any more")
                        .doesNotContain("cluster=\"blue\"", "loop=\"services-blue\""));
    }

    @Test
    void twoClustersAreWatchedApart() {
        TestingKubernetes green = world.cluster("green", "testing:");
        world.start();
        world.watch("blue");
        world.watch("green");
        kubernetes.apply(clusterService("web", "10.96.0.10"));
        green.apply(clusterService("web", "10.96.0.10"));
        green.apply(slice("web", "10.4.9.9"));
        world.active("blue", "web");
        await().atMost(LbWorld.LONG)
                .until(() -> networks.balancers(world.id("green")).everything().values().stream()
                        .flatMap(spec -> spec.listeners().stream())
                        .flatMap(listener -> listener.pool().members().stream())
                        .map(Member::address)
                        .toList()
                        .equals(List.of(IpAddress.parse("10.4.9.9"))));
        assertThat(members("web")).isEmpty();
    }
}
