package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortView;
import io.portolan.sdn.neutron.NeutronDouble.Fate;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.topology.cluster.ClusterView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The cloud's API is slow, refuses, loses calls or is gone while a node's 253 ports are made in eight bulks. */
class BrownOutTest {
    private static final int PORTS = 253;

    private UnderlayWorld here;
    private Tenant tenant;
    private ClusterView cluster;
    private String vm;

    @BeforeEach
    void start() {
        here = new UnderlayWorld();
        tenant = here.tenant("blue");
        cluster = here.ready(here.spec("blue", "10.4.0.0/16"));
        vm = here.vm(tenant);
    }

    @AfterEach
    void stop() {
        here.cloud.trouble(call -> new Fate.Fine());
        here.close();
    }

    enum Weather {
        ERRORS {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(3) == 0 ? new Fate.Answered(503, Map.of()) : new Fate.Fine();
            }
        },
        FAULTS {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(5) == 0 ? new Fate.Answered(500, Map.of()) : new Fate.Fine();
            }
        },
        TOO_MANY {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(3) == 0 ? new Fate.Answered(429, Map.of("Retry-After", "1")) : new Fate.Fine();
            }
        },
        CONFLICTS {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(5) == 0 ? new Fate.Answered(409, Map.of()) : new Fate.Fine();
            }
        },
        /** A second a call, one after the other. */
        SLOW {
            @Override
            Fate fate(Random random, Runnable revoke) {
                LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
                return new Fate.Fine();
            }
        },
        LOST {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(3) == 0 ? new Fate.Lost() : new Fate.Fine();
            }
        },
        UNHEARD {
            @Override
            Fate fate(Random random, Runnable revoke) {
                return random.nextInt(3) == 0 ? new Fate.Unheard() : new Fate.Fine();
            }
        },
        TOKENS_REVOKED {
            @Override
            Fate fate(Random random, Runnable revoke) {
                if (random.nextInt(5) == 0) {
                    revoke.run();
                }
                return new Fate.Fine();
            }
        };

        abstract Fate fate(Random random, Runnable revoke);
    }

    @ParameterizedTest
    @EnumSource
    void fillingGoesOnThroughItAndNothingIsMadeTwice(Weather weather) {
        Random random = new Random(weather.name().hashCode());
        AtomicInteger calls = new AtomicInteger();
        here.cloud.trouble(call ->
                calls.incrementAndGet() > 40 ? new Fate.Fine() : weather.fate(random, here.cloud::revokeTokens));
        here.register(cluster, "node-1", vm, 250);
        String overlay = TopologyWorld.name();
        here.world.ready(overlay, "10.4.0.0/16");
        assertThat(here.world.join(overlay, "node-1").ports().free())
                .as("another network knows nothing of it")
                .isEqualTo(29);
        NodeView node = here.filled(cluster, "node-1");
        assertThat(node.ports().free()).isEqualTo(PORTS);
        assertWholeAndOnce(node);
        here.cloud.trouble(call -> new Fate.Fine());
    }

    private void assertWholeAndOnce(NodeView node) {
        List<PortView> ports = here.ports(node.id());
        assertThat(here.addresses(tenant, cluster))
                .containsExactlyInAnyOrderElementsOf(ports.stream()
                        .map(p -> p.addresses().getFirst().address().toString())
                        .toList());
        assertThat(here.marked(tenant, cluster, "routers")).hasSize(1);
        assertThat(here.marked(tenant, cluster, "networks")).hasSize(1);
        assertThat(here.marked(tenant, cluster, "subnets")).hasSize(1);
        assertThat(here.marked(tenant, cluster, "ports")).as("and the gateway").hasSize(PORTS + 1);
        assertThat(here.marked(tenant, cluster, "trunks"))
                .singleElement()
                .satisfies(t -> assertThat(t.path("sub_ports").size()).isEqualTo(PORTS));
    }

    @Test
    void aCloudThatIsGoneIsNamedAndLeftAloneAndANodeThatIsReadyKeepsGivingPorts() {
        NodeView ready = here.join(cluster, "node-1", vm);
        here.register(cluster, "node-2", here.vm(tenant), 250);
        here.until(cluster, "node-2", n -> n.ports().free() > 0 || n.state().equals("ready"));
        here.cloud.trouble(call -> new Fate.Lost());
        here.register(cluster, "node-3", "11111111-2222-4333-8444-555555555555");
        ClusterView failed = await().atMost(TopologyWorld.LONG)
                .until(
                        () -> here.world.cluster(cluster.name().value()),
                        c -> "network-unavailable".equals(c.stateProblem()));
        assertThat(failed.state()).isEqualTo("failed");
        here.until(cluster, "node-3", n -> "network-unavailable".equals(n.stateProblem()));
        assertThat(here.http()
                        .get("/actuator/health")
                        .assertStatus(200)
                        .json()
                        .path("status")
                        .asString())
                .isEqualTo("DEGRADED");
        assertThat(here.http().get("/actuator/health/liveness").status()).isEqualTo(200);
        here.world
                .ipam()
                .post(
                        "/v1/nodes/" + ready.id() + "/claims",
                        Map.of("claim", java.util.UUID.randomUUID(), "epoch", 1, "count", 8))
                .assertStatus(200);
        assertThat(here.node(cluster, "node-1").state()).isEqualTo("ready");
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(() -> assertThat(
                                here.http().get("/actuator/prometheus").body())
                        .containsPattern("portolan_problems\\{[^}]*problem=\"network-unavailable\"[^}]*} [1-9]")
                        .containsPattern("portolan_cloud_pace\\{cloud=\"http://127[^}]*} 0\\.")
                        .containsPattern("portolan_neutron_calls_total\\{[^}]*outcome=\"unreachable\"[^}]*} [1-9]"));
        here.cloud.trouble(call -> new Fate.Fine());
        here.world.clusterIs(cluster.name().value(), "ready");
        assertThat(here.filled(cluster, "node-2").ports().free()).isEqualTo(PORTS);
    }

    @Test
    void aCloudThatWantsToBeLeftAloneIs() {
        here.cloud.trouble(call ->
                call.equals("POST /v2.0/ports") ? new Fate.Answered(429, Map.of("Retry-After", "7")) : new Fate.Fine());
        here.register(cluster, "node-1", vm);
        here.until(cluster, "node-1", n -> "network-unavailable".equals(n.stateProblem()));
        here.cloud.trouble(call -> new Fate.Fine());
        here.cloud.calls();
        await().during(Duration.ofSeconds(3))
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(here.cloud.calls()).isEmpty());
        assertThat(here.filled(cluster, "node-1").ports().free()).isEqualTo(29);
    }
}
