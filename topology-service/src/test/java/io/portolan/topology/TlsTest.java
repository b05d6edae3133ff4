package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.ipam.Http;
import io.portolan.ipam.Replica;
import io.portolan.kit.access.AccessMatrix;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.ClusterName;
import io.portolan.testbed.Authority;
import io.portolan.testbed.MountedSecret;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.ipam.IpamRefused;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.core.env.Environment;

/** Whole services under the profile mtls: who is asked for a certificate, and who for a token. */
class TlsTest {
    @TempDir
    private Path directory;

    private static int status(HttpClient client, String url) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void aCallerNeedsACertificateAndATokenAndAProbeNeither() throws Exception {
        Authority authority = new Authority(Files.createDirectory(directory.resolve("ca")), "portolan");
        MountedSecret secret =
                new MountedSecret(Files.createDirectory(directory.resolve("tls")), authority.secret("IP:127.0.0.1"));
        String[] tls = {"spring.profiles.active=mtls", "PORTOLAN_TLS=" + secret.directory(), "management.server.port=0"
        };
        LedgerDatabase ledger = LedgerDatabase.create();
        try (AccessMatrix matrix = new AccessMatrix();
                HttpClient stranger =
                        HttpClient.newBuilder().sslContext(authority.stranger()).build()) {
            List<String> settings = new ArrayList<>(List.of(matrix.settings()));
            settings.addAll(List.of(tls));
            try (Replica ipam = Replica.start(ledger, settings.toArray(String[]::new))) {
                String calls = ipam.http().base().replace("http:", "https:");
                String probes = "https://127.0.0.1:"
                        + ipam.bean(Environment.class).getRequiredProperty("local.management.port");
                assertThatThrownBy(() -> status(stranger, calls + "/v3/api-docs"))
                        .isInstanceOf(SSLException.class);
                assertThat(status(stranger, probes + "/actuator/health/liveness"))
                        .isEqualTo(200);
                assertThat(status(stranger, probes + "/actuator/health/readiness"))
                        .isEqualTo(200);
                assertThat(status(stranger, probes + "/actuator/prometheus")).isEqualTo(401);
                assertThat(status(stranger, probes + "/v1/clusters/a/pools")).isIn(401, 404);
                try (TopologyReplica topology =
                        TopologyReplica.start(ledger, new Http(calls), new TestingNetwork(), tls)) {
                    assertThatThrownBy(() -> topology.bean(IpamClient.class).pools(new ClusterName("none")))
                            .isInstanceOfSatisfying(
                                    IpamRefused.class,
                                    refused -> assertThat(refused.slug()).isEqualTo("unauthenticated"));
                }
            }
        }
    }
}
