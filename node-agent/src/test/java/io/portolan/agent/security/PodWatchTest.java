package io.portolan.agent.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.portolan.agent.security.ProfileChoice.Said;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodWatchTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String ANNOTATION = ProfileChoice.ANNOTATION;

    private final AtomicInteger changes = new AtomicInteger();
    private TestingCluster cluster;
    private KubernetesClient client;
    private PodWatch watch;

    @BeforeEach
    void start(@TempDir Path directory) {
        cluster = new TestingCluster(directory);
        cluster.namespace("shop", Map.of(ANNOTATION, "quiet"));
        client = cluster.agentsClient();
        watch = new PodWatch(client, new NodeName("worker-1"), changes::incrementAndGet);
    }

    @AfterEach
    void stop() {
        watch.close();
        client.close();
        cluster.close();
    }

    /** By it the API server in memory knows whose pods they are. */
    private static final Map<String, String> NO_MORE = Map.of("on-node", "worker-1");

    private PodRef pod(String node, String name, Map<String, String> annotations, Map<String, String> labels) {
        return new PodRef("shop", name, cluster.pod(node, "shop", name, annotations, labels));
    }

    private void awaitRemembered(PodRef pod, Said said) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(watch.remembered(pod)).contains(said));
    }

    @Test
    void whatIsSaidOfThisNodesPodsIsRememberedAndAskedForNoMore() {
        PodRef web = pod("worker-1", "web", Map.of(ANNOTATION, "web,db"), Map.of());
        PodRef db = pod("worker-1", "db", Map.of(), Map.of(ProfileChoice.LABEL, "db"));
        awaitRemembered(web, new Said("web,db", null, "quiet", NO_MORE));
        awaitRemembered(db, new Said(null, "db", "quiet", Map.of(ProfileChoice.LABEL, "db", "on-node", "worker-1")));
        List<String> asked = cluster.requests();
        assertThat(watch.of(web)).isEqualTo(new Said("web,db", null, "quiet", NO_MORE));
        assertThat(watch.of(new PodRef("shop", "web", null))).isEqualTo(new Said("web,db", null, "quiet", NO_MORE));
        assertThat(cluster.requests()).isEqualTo(asked);
        assertThat(asked).anyMatch(request -> request.contains("fieldSelector=spec.nodeName%3Dworker-1"));

        int before = changes.get();
        cluster.annotate("shop", "web", Map.of(ANNOTATION, "db"));
        cluster.namespace("shop", Map.of());
        awaitRemembered(web, new Said("db", null, null, NO_MORE));
        assertThat(changes.get()).isGreaterThanOrEqualTo(before + 2);
        cluster.delete("shop", "web");
        await().atMost(PATIENCE).until(() -> watch.remembered(web).isEmpty());
        assertThatThrownBy(() -> watch.of(web))
                .isInstanceOf(SecurityUnavailable.class)
                .hasMessageContaining("the API server has no pod shop/web");
    }

    @Test
    void anEarlierPodOfTheNameIsNotTakenForTheNewOne() {
        PodRef first = pod("worker-1", "web", Map.of(ANNOTATION, "old"), Map.of());
        awaitRemembered(first, new Said("old", null, "quiet", NO_MORE));
        PodRef next = new PodRef("shop", "web", "another-id");
        assertThat(watch.remembered(next)).isEmpty();
        assertThatThrownBy(() -> watch.of(next)).hasMessageContaining("the API server has another pod shop/web");
        PodRef mirror =
                pod("worker-1", "static", Map.of("kubernetes.io/config.hash", "4e5f", ANNOTATION, "static"), Map.of());
        awaitRemembered(mirror, new Said("static", null, "quiet", NO_MORE));
        assertThat(watch.remembered(new PodRef("shop", "static", "4e5f")))
                .contains(new Said("static", null, "quiet", NO_MORE));
    }
}
