package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.api.NodeView.Filling;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.testbed.FaultyProxy;
import io.portolan.topology.cluster.ClusterView;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a cloud is asked to make at once is limited whatever the number of replicas and clusters, and its progress is told. */
class CloudBudgetTest {
    private static final int SLOTS = 2;
    private static final int NODES = 6;

    /** The node of several bulks: the last one, so that its filling is seen. */
    private static final int LARGE = NODES - 1;

    private static final Duration BULK = Duration.ofMillis(400);
    private static final String PORTS = "/network/v2.0/ports";

    private final UnderlayWorld here = new UnderlayWorld(settings());
    private final FaultyProxy neutron = FaultyProxy.to(root(here.cloud.networkUrl()));

    private static String[] settings() {
        return new String[] {"portolan.topology.budget.cloud-calls=" + SLOTS, "portolan.topology.budget.cloud-round=1s"
        };
    }

    private static URI root(URI service) {
        return URI.create("%s://%s".formatted(service.getScheme(), service.getAuthority()));
    }

    @AfterEach
    void close() {
        here.close();
        neutron.close();
    }

    @Test
    void threeReplicasAndTwoClustersMakePortsOfOneCloudAtNoMoreNodesThanItsSlots() {
        here.start(settings());
        here.start(settings());
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        neutron.on("POST", PORTS).before(call -> {
            if (call.body().contains("\"ports\"")) {
                most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            }
        });
        neutron.on("POST", PORTS).delay(BULK);
        neutron.on("POST", PORTS).after(call -> {
            if (call.body().contains("\"ports\"")) {
                atOnce.decrementAndGet();
            }
        });
        here.cloud.publishRegion("watched", neutron.url("/network"));
        Tenant tenant = here.cloud.tenant("blue");
        here.secret("blue", tenant.login().inRegion("watched").cloudsYaml("openstack"));
        List<ClusterView> clusters =
                List.of(here.ready(here.spec("blue", "10.4.0.0/16")), here.ready(here.spec("blue", "10.5.0.0/16")));
        for (int i = 0; i < NODES; i++) {
            here.register(clusters.get(i % 2), "node-" + i, here.vm(tenant), i == LARGE ? 250 : 110);
        }
        List<Filling> seen = new ArrayList<>();
        await().atMost(TopologyWorld.LONG).pollInterval(Duration.ofMillis(100)).until(() -> {
            Filling filling =
                    here.node(clusters.get(LARGE % 2), "node-" + LARGE).filling();
            if (filling != null && filling.ready() > 0 && filling.ready() < filling.wanted()) {
                seen.add(filling);
            }
            return allFilled(clusters);
        });
        assertThat(most).as("bulks at once").hasValue(SLOTS);
        assertThat(seen).isNotEmpty().allSatisfy(filling -> {
            assertThat(filling.portsPerSecond()).isBetween(1.0, 32 / (BULK.toMillis() / 1e3));
            assertThat(filling.expectedEnd()).isAfter(Instant.EPOCH);
        });
    }

    private boolean allFilled(List<ClusterView> clusters) {
        for (int i = 0; i < NODES; i++) {
            var node = here.node(clusters.get(i % 2), "node-" + i);
            if (!node.state().equals("ready")
                    || node.ports().free() != node.ports().all()) {
                return false;
            }
        }
        return true;
    }
}
