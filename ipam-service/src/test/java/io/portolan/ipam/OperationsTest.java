package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.kit.document.KeptDocument;
import io.portolan.model.NodeId;
import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What an operator and a reader of the API meet. */
class OperationsTest {

    @Test
    void theOpenApiDocumentIsTheOneCheckedIn() throws IOException {
        new KeptDocument(World.http().base(), "ipam-service").isTheOneCheckedIn();
    }

    @Test
    void theOpenApiDocumentCanBeReadAndTried() {
        new KeptDocument(World.http().base(), "ipam-service").canBeReadAndTried(body -> body);
    }

    @Test
    void swaggerUiAndTheHealthGroupsAnswer() {
        assertThat(World.http().get("/swagger-ui/index.html").assertStatus(200).body())
                .contains("Swagger UI");
        for (String group : new String[] {"liveness", "readiness"}) {
            assertThat(World.http()
                            .get("/actuator/health/" + group)
                            .assertStatus(200)
                            .json()
                            .path("status")
                            .asString())
                    .isEqualTo("UP");
        }
    }

    @Test
    void portsClaimsAndRefusalsAreInTheMetrics() {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        try (Replica replica = Replica.start(
                World.ledger(),
                "portolan.ipam.utilisation.interval=200ms",
                "portolan.ipam.utilisation.clusters=10000")) {
            World.freePorts(node, 0, 28);
            replica.http()
                    .post(
                            "/v1/nodes/" + NodeId.random() + "/claims",
                            "{\"claim\":\"" + node + "\",\"epoch\":1,\"count\":1}")
                    .assertStatus(404);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(
                                    replica.http().get("/actuator/prometheus").body())
                            .contains(
                                    "portolan_ipam_ports{cluster=\"%s\",state=\"free\"} 13.0".formatted(cluster.name()))
                            .contains(
                                    "portolan_ipam_leases{cluster=\"%s\",which=\"all\"} 0.0".formatted(cluster.name()))
                            .contains(
                                    "portolan_ipam_leases{cluster=\"%s\",which=\"idle\"} 0.0".formatted(cluster.name()))
                            .contains("portolan_ipam_claim_seconds_count 1")
                            .contains("portolan_refused_total{type=\"unknown-node\"} 1.0"));
        }
    }

    @Test
    void aMisspeltSettingStopsTheStart() {
        assertThatThrownBy(() -> Replica.start(World.ledger(), "portolan.ipam.upkeep.intervall=5s"))
                .hasStackTraceContaining("intervall");
    }
}
