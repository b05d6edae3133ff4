package io.portolan.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.cache.TestingNode;
import io.portolan.agent.control.TestingControlPlane;
import io.portolan.agent.security.TestingCluster;
import io.portolan.agent.security.TestingSecurity;
import io.portolan.model.PortState;
import io.portolan.model.api.NodeSecurity;
import io.portolan.testbed.Authority;
import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.MountedSecret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole program in this process, on a real database server; without a switch that forwards. */
class NodeAgentTest {
    private TestingNode node;
    private TestingControlPlane ledger;

    @BeforeEach
    void start() {
        node = new TestingNode();
        ledger = new TestingControlPlane(TestingNode.CLUSTER, TestingNode.NODE, 64);
    }

    @AfterEach
    void stop() {
        ledger.close();
        node.close();
    }

    private ConfigurableApplicationContext run() {
        return run(Map.of());
    }

    private ConfigurableApplicationContext run(String name, String value) {
        return run(Map.of(name, value));
    }

    private ConfigurableApplicationContext run(Map<String, String> changed) {
        Map<String, String> properties = new HashMap<>(Map.of(
                "server.port", "0",
                "portolan.agent.cluster", TestingNode.CLUSTER.toString(),
                "portolan.agent.node", TestingNode.NODE.toString(),
                "portolan.agent.topology-urls", ledger.url().toString(),
                "portolan.agent.ipam-urls", ledger.url() + "/",
                "portolan.agent.ovsdb", node.server().unixRemote(),
                "portolan.agent.ovsdb-control", node.server().controlSocket().toString(),
                "portolan.agent.cache-file", node.file().toString(),
                "portolan.cni.socket", node.server().directory() + "/run/cni.sock",
                "portolan.cni.queue", node.server().directory() + "/queue"));
        properties.putAll(changed);
        SpringApplication application = new SpringApplicationBuilder(NodeAgentApplication.class).build();
        application.setRegisterShutdownHook(false);
        return application.run(properties.entrySet().stream()
                .map(one -> "--" + one.getKey() + "=" + one.getValue())
                .toArray(String[]::new));
    }

    private static RestClient client(ConfigurableApplicationContext agent) {
        String port = agent.getEnvironment().getRequiredProperty("local.server.port");
        return RestClient.builder()
                .baseUrl("http://127.0.0.1:" + port)
                .defaultStatusHandler(HttpStatusCode::isError, (request, response) -> {})
                .build();
    }

    private static JsonNode json(RestClient client, String path) {
        String text = client.get().uri(path).retrieve().body(String.class);
        return JsonMapper.shared().readTree(text);
    }

    private static boolean isReady(RestClient client) {
        ResponseEntity<Void> answer =
                client.get().uri("/actuator/health/readiness").retrieve().toBodilessEntity();
        return answer.getStatusCode().is2xxSuccessful();
    }

    @Test
    void theAgentJoinsFillsItsCacheAndShowsWhatItHas() {
        try (ConfigurableApplicationContext agent = run()) {
            RestClient client = client(agent);
            await().atMost(TestingNode.PATIENCE).until(() -> isReady(client));
            await().atMost(TestingNode.PATIENCE)
                    .until(() ->
                            json(client, "/v1/node").path("ports").path("free").asInt() == 16);
            assertThat(Files.exists(node.server().directory().resolve("run/cni.sock")))
                    .isTrue();
            assertThat(json(client, "/v1/ports").path("ports").size()).isEqualTo(16);
            assertThat(json(client, "/v1/ports").path("ports").get(0).toString())
                    .contains("\"mac\":\"0a:58:0a:04:00:02\"", "\"state\":\"free\"");
            assertThat(json(client, "/v1/pods").path("pods").size()).isZero();
            JsonNode self = json(client, "/v1/node");
            assertThat(self.path("node").path("registration").path("epoch").asInt())
                    .isEqualTo(1);
            assertThat(self.path("trouble").propertyNames()).containsOnly("switch");
            String metrics = client.get().uri("/metrics").retrieve().body(String.class);
            assertThat(metrics)
                    .contains(
                            "portolan_ports{state=\"free\"} 16.0",
                            "portolan_control_calls_seconds_count{operation=\"claim\",outcome=\"ok\",service=\"ipam\"} 1")
                    .contains("portolan_loop_idle_seconds{loop=\"leasing\"}", "portolan_reports_pending 0.0");
            assertThat(client.get().uri("/actuator/prometheus").retrieve().body(String.class))
                    .contains("portolan_ports");
            assertThat(ledger.ports(PortState.LEASED)).hasSize(16);
        }
    }

    @Test
    void anAgentThatIsToldOfSecurityServiceFillsItsPoolsAndShowsThem() {
        try (TestingSecurity security = new TestingSecurity(all -> null, ledger::epoch);
                TestingCluster kubernetes = new TestingCluster(node.server().directory())) {
            security.catalogue(new NodeSecurity(
                    true,
                    List.of(TestingSecurity.profile("web")),
                    List.of(TestingSecurity.id("web")),
                    List.of(new NodeSecurity.Pool(List.of(TestingSecurity.id("web")), 6))));
            try (ConfigurableApplicationContext agent = run(Map.of(
                    "portolan.agent.security.urls", security.url().toString(),
                    "portolan.agent.security.settle", "50ms",
                    "portolan.agent.kubernetes.kubeconfig",
                            kubernetes.kubeconfig().toString()))) {
                RestClient client = client(agent);
                await().atMost(TestingNode.PATIENCE)
                        .untilAsserted(() ->
                                assertThat(profilesOfPorts(client)).isEqualTo(Map.of("[\"web\"]", 6L, "[]", 10L)));
                assertThat(client.get().uri("/metrics").retrieve().body(String.class))
                        .contains(
                                "portolan_pool_ports 6.0",
                                "portolan_pool_starts_total{result=\"hit\"} 0.0",
                                "portolan_loop_idle_seconds{loop=\"pools\"}",
                                "operation=\"bind\",outcome=\"ok\",service=\"security\"");
                assertThat(kubernetes.requests())
                        .anyMatch(request -> request.contains("spec.nodeName%3D" + TestingNode.NODE));
                security.stop();
                await().atMost(TestingNode.PATIENCE)
                        .until(() -> json(client, "/v1/node")
                                .path("trouble")
                                .path("security")
                                .asString("")
                                .contains("security at"));
                assertThat(isReady(client)).isTrue();
                security.start();
            }
        }
    }

    private static Map<String, Long> profilesOfPorts(RestClient client) {
        return json(client, "/v1/ports")
                .path("ports")
                .valueStream()
                .collect(Collectors.groupingBy(port -> port.path("profiles").toString(), Collectors.counting()));
    }

    @Test
    void withoutAControlPlaneTheAgentIsReadyAllTheSame() {
        ledger.stop();
        try (ConfigurableApplicationContext agent = run()) {
            RestClient client = client(agent);
            await().atMost(TestingNode.PATIENCE).until(() -> isReady(client));
            await().atMost(TestingNode.PATIENCE)
                    .until(() -> json(client, "/v1/node")
                            .path("trouble")
                            .path("control")
                            .asString("")
                            .contains("topology at"));
        }
    }

    @Test
    void withoutItsDatabaseTheAgentWaitsSaysSoAndComesUpWhenItIsThere() {
        node.server().kill9();
        try (ConfigurableApplicationContext agent = run()) {
            RestClient client = client(agent);
            assertThat(isReady(client)).isFalse();
            await().atMost(TestingNode.PATIENCE)
                    .until(() -> json(client, "/v1/node").path("trouble").has("cache"));
            assertThat(client.get()
                            .uri("/v1/ports")
                            .retrieve()
                            .toBodilessEntity()
                            .getStatusCode()
                            .value())
                    .isEqualTo(503);
            node.server().start();
            await().atMost(TestingNode.PATIENCE).until(() -> isReady(client));
        }
    }

    @Test
    void aMisspeltOrMissingOrSenselessPropertyStopsTheStart() {
        assertThatThrownBy(() -> run("portolan.agent.clusterr", "x").close())
                .hasRootCauseInstanceOf(UnboundConfigurationPropertiesException.class)
                .hasStackTraceContaining("clusterr");
        assertThatThrownBy(() -> run("portolan.agent.node", "").close())
                .hasStackTraceContaining("portolan.agent.node must be given");
        assertThatThrownBy(() -> run("portolan.agent.node", "Not_A_Node").close())
                .hasStackTraceContaining("'Not_A_Node' is not a node's name");
        assertThatThrownBy(() -> run("portolan.agent.ipam-urls", "localhost:1").close())
                .hasStackTraceContaining("portolan.agent.ipam-urls: 'localhost:1' is no http:// or https:// address");
        assertThatThrownBy(() -> run("portolan.agent.parent-port", " ").close())
                .hasStackTraceContaining("portolan.agent.parent-port is blank");
        assertThatThrownBy(() -> run("portolan.wiring.uplink", "ens3").close())
                .hasStackTraceContaining("portolan.wiring.uplink is for underlay mode");
        assertThatThrownBy(() -> run("portolan.agent.call-timeout", "0s").close())
                .hasStackTraceContaining("are positive");
        assertThatThrownBy(() -> run(Map.of(
                                "portolan.agent.security.urls", "http://127.0.0.1:1",
                                "portolan.agent.security.bind-deadline", "20s"))
                        .close())
                .hasStackTraceContaining("bind-deadline is shorter than portolan.cni.add-timeout");
        assertThatThrownBy(() -> run(Map.of(
                                "portolan.agent.security.urls", "http://127.0.0.1:1",
                                "portolan.agent.security.pool-most", "-1"))
                        .close())
                .hasStackTraceContaining("pool-most is between 0 and 256");
        assertThatThrownBy(() -> run(Map.of(
                                "portolan.agent.kubernetes.in-cluster", "true",
                                "portolan.agent.kubernetes.kubeconfig", "/nonexistent"))
                        .close())
                .hasStackTraceContaining("a kubeconfig or in-cluster, not both");
    }

    @Test
    void aServiceThatNobodyVouchesForIsNotTalkedTo(@TempDir Path keys) throws Exception {
        SSLContext unknown = new Authority(keys, "unknown").peer("IP:127.0.0.1");
        try (FaultyProxy service = FaultyProxy.to(ledger.url(), unknown);
                ConfigurableApplicationContext agent = run(Map.of(
                        "portolan.agent.topology-urls", service.url().toString(),
                        "portolan.agent.ipam-urls", service.url().toString()))) {
            RestClient client = client(agent);
            await().atMost(TestingNode.PATIENCE)
                    .until(
                            () -> json(client, "/v1/node")
                                    .path("trouble")
                                    .path("control")
                                    .asString(""),
                            trouble -> trouble.contains("certification path"));
            assertThat(service.calls()).isEmpty();
        }
    }

    @Test
    void servicesAndTheAgentKnowEachOtherByCertificatesThatAreRenewed(@TempDir Path directory) throws Exception {
        Authority first = new Authority(Files.createDirectory(directory.resolve("first")), "first");
        Authority second = new Authority(Files.createDirectory(directory.resolve("second")), "second");
        MountedSecret secret =
                new MountedSecret(Files.createDirectory(directory.resolve("secret")), first.secret("DNS:agent"));
        try (FaultyProxy before = FaultyProxy.mutual(ledger.url(), first.peer("IP:127.0.0.1"));
                FaultyProxy after = FaultyProxy.mutual(ledger.url(), second.peer("IP:127.0.0.1"))) {
            String urls = before.url() + "," + after.url();
            try (ConfigurableApplicationContext agent = run(Map.of(
                    "spring.profiles.active",
                    "mtls",
                    "PORTOLAN_TLS",
                    secret.directory().toString(),
                    "spring.ssl.bundle.watch.file.quiet-period",
                    "100ms",
                    "portolan.agent.register-every",
                    "200ms",
                    "portolan.agent.topology-urls",
                    urls,
                    "portolan.agent.ipam-urls",
                    urls))) {
                assertThat(agent.isActive()).isTrue();
                await().atMost(TestingNode.PATIENCE)
                        .until(() -> before.calls("PUT", ".*").size() > 3);
                assertThat(after.calls()).isEmpty();
                secret.replace(second.secret("DNS:agent"));
                await().atMost(TestingNode.PATIENCE).until(() -> {
                    before.forgetCalls();
                    after.forgetCalls();
                    await().atMost(TestingNode.PATIENCE)
                            .until(() -> after.calls("PUT", ".*").size() > 3);
                    return before.calls().isEmpty();
                });
            }
        }
    }
}
