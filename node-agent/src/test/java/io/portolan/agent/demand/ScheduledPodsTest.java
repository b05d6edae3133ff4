package io.portolan.agent.demand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.cache.NodeClock;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cache.PortPreference;
import io.portolan.agent.cache.TestingNode;
import io.portolan.agent.security.TestingCluster;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScheduledPodsTest {
    private static void awaitCount(ScheduledPods pods, int count) {
        await().atMost(TestingNode.PATIENCE).until(pods::count, seen -> seen == count);
    }

    @Test
    void podsOfThisNodeCountUntilTheyHaveAPortOrEnd(@TempDir Path directory) {
        AtomicInteger told = new AtomicInteger();
        try (TestingNode node = new TestingNode();
                PortCache cache = node.openWith(NodeClock.system(), 4);
                TestingCluster cluster = new TestingCluster(directory);
                ScheduledPods pods = new ScheduledPods(cluster.agentsClient(), TestingNode.NODE, cache)) {
            pods.tell(told::incrementAndGet);
            String here = TestingNode.NODE.value();
            cluster.hostPod(here, "shop", "proxy");
            cluster.pod("elsewhere", "shop", "other", Map.of(), Map.of());
            cluster.pod(here, "shop", "cart", Map.of(), Map.of());
            cluster.pod(here, "shop", "web", Map.of(), Map.of());
            cluster.pod(here, "shop", "job", Map.of(), Map.of());
            awaitCount(pods, 3);
            assertThat(told).hasValue(3);

            assertThat(cache.take(TestingNode.request("a"), PortPreference.NONE))
                    .isPresent();
            assertThat(pods.count()).as("cart has a port").isEqualTo(2);
            cluster.end("shop", "job");
            awaitCount(pods, 1);
            cluster.delete("shop", "web");
            awaitCount(pods, 0);
            cache.release(TestingNode.key("a"));
            assertThat(pods.count()).as("cart is scheduled here still").isEqualTo(1);
        }
    }
}
