package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.ReportRequest;
import io.portolan.testbed.JsonLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.core.env.StandardEnvironment;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A caller's trace goes on here: in log lines, in the ledger, and to a collector where there is one. */
class TraceTest {
    private static final String TRACE = "7bd3cfdb2ff64a9d00000000000000ef";

    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
    private final NodeId node = World.node(cluster);

    private HttpResponse<String> report(Http http, PortReport... reports) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create(http.base() + "/v1/nodes/" + node + "/reports"))
                            .header("Content-Type", "application/json")
                            .header("traceparent", "00-" + TRACE + "-00000000000000aa-00")
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    JsonMapper.shared().writeValueAsString(new ReportRequest(1, List.of(reports)))))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    private static PortReport bound(UUID id, PortId port) {
        return new PortReport(id, port, PortReport.Kind.BOUND, "sandbox-7", "eth0", null, Instant.now());
    }

    @Test
    void aLineAboutAReportHasTheCallersTraceAndWhoseReportItIs() throws IOException, InterruptedException {
        PortId stranger = PortId.random();
        UUID report = UUID.randomUUID();
        try (JsonLog log = JsonLog.of("io.portolan.ipam", new StandardEnvironment())) {
            assertThat(report(World.http(), bound(report, stranger)).statusCode())
                    .isEqualTo(200);
            JsonNode line = log.lines("Declined").getFirst();
            assertThat(line.path("traceId").asString()).isEqualTo(TRACE);
            assertThat(line.path("spanId").asString()).matches("[0-9a-f]{16}").isNotEqualTo("00000000000000aa");
            assertThat(line.path("node").asString()).isEqualTo(node.toString());
            assertThat(line.path("port").asString()).isEqualTo(stranger.toString());
            assertThat(line.path("sandbox").asString()).isEqualTo("sandbox-7");
            assertThat(line.path("report").asString()).isEqualTo(report.toString());
        }
        assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
    }

    /** What docs/observability.md says to ask. */
    @Test
    void theHistoryIsFoundByTheTraceOfAnAdd() throws IOException, InterruptedException {
        World.freePorts(node, 0, 28);
        PortId port = World.claim(node, 1).getFirst().id();
        UUID ofAdd = new UUID(0xfedcba9876543210L, 0x0123456789abcdefL);
        assertThat(report(World.http(), bound(ofAdd, port)).statusCode()).isEqualTo(200);
        assertThat(
                        World.rows(
                                "select to_state || ' ' || sandbox from port_event where report = 'fedcba98765432100123456789abcdef'"))
                .containsExactly("bound sandbox-7");
    }

    @Test
    void spansGoToACollectorWhereOneIsNamedAndNowhereElse() throws IOException, InterruptedException {
        assertThatThrownBy(() -> World.replica(0).bean(SpanExporter.class))
                .isInstanceOf(NoSuchBeanDefinitionException.class);
        List<String> exported = new CopyOnWriteArrayList<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            exported.add(HexFormat.of().formatHex(exchange.getRequestBody().readAllBytes()));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        try (Replica traced = Replica.start(
                World.ledger(),
                "management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                        + collector.getAddress().getPort() + "/v1/traces",
                "management.opentelemetry.tracing.export.schedule-delay=100ms",
                "management.tracing.sampling.probability=1.0")) {
            report(traced.http(), bound(UUID.randomUUID(), PortId.random()));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> exported.stream()
                            .anyMatch(body -> body.contains(TRACE)
                                    && body.contains(hex("http post /v1/nodes/{node}/reports"))
                                    && body.contains(hex("ipam-service"))));
        } finally {
            collector.stop(0);
        }
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }
}
