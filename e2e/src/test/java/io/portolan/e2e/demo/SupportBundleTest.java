package io.portolan.e2e.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.testbed.issuer.TokenIssuer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SupportBundleTest {
    private static final String PASSWORD = "kl3ine+Nacht/musik";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password=%s",
                "spring.datasource.password: %s",
                "{\"password\": \"%s\", \"user\": \"portolan\"}",
                "{\\\"adminPassword\\\":\\\"%s\\\"}",
                "OS_PASSWORD='%s'",
                "X-Auth-Token: %s",
                "client_secret=%s&scope=all",
                "Authorization: Bearer %s",
                "jdbc://portolan:%s@db.example.com/portolan",
                "-----BEGIN EC PRIVATE KEY-----\n%s\n-----END EC PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY-----\n%s\nthe log ends here",
            })
    void whatLooksLikeASecretIsTakenOut(String line) {
        assertThat(new Redaction(List.of()).of("before " + line.replace("%s", PASSWORD) + "\nafter"))
                .startsWith("before ")
                .contains("[redacted]")
                .doesNotContain(PASSWORD, "Nacht");
    }

    @Test
    void aTokenIsTakenOutWhereverItIs() {
        String token = new TokenIssuer("https://issuer.test", "portolan").token("me", Duration.ofHours(1), Map.of());
        assertThat(new Redaction(List.of()).of("refused " + token + " of worker-1"))
                .isEqualTo("refused [redacted] of worker-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"secretRef\" : \"main-network\"",
                "token-file=/run/portolan/identity/token",
                "portolan_access_tokens_total{outcome=\"ok\"} 12.0",
                "the credentials of the cluster were refused",
                "10.4.0.19 is on worker-1, port 2c1f7a90-7c54-4b2e-9c83-6c2b0e1f4d33",
            })
    void whatOnlyNamesASecretStays(String line) {
        assertThat(new Redaction(List.of()).of(line)).isEqualTo(line);
    }

    @Test
    void itHasTheLogsWithoutWhatIsKnownToBeSecretAndSaysWhatIsMissing(@TempDir Path directory) throws IOException {
        Files.createDirectories(directory.resolve("secrets/ledger"));
        Files.writeString(directory.resolve("secrets/ledger/word"), PASSWORD + "\n");
        Files.createDirectories(directory.resolve("node-1"));
        Files.writeString(directory.resolve("node-1/agent.log"), "it said " + PASSWORD + " and went on\n");
        Path output = directory.resolve("bundle.zip");

        SupportBundle bundle = new SupportBundle(
                Map.of("topology", "http://127.0.0.1:1"),
                List.of(),
                Optional.empty(),
                Optional.of(directory),
                SupportBundle.secretsBelow(directory));

        assertThat(bundle.write(output)).isEqualTo(2);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(output)))
                .isEqualTo("rw-------");
        try (ZipFile zip = new ZipFile(output.toFile())) {
            assertThat(text(zip, "logs/node-1/agent.log")).isEqualTo("it said [redacted] and went on\n");
            assertThat(text(zip, "about.txt")).contains("not in it: services/topology/health");
        }
    }

    private static String text(ZipFile zip, String name) throws IOException {
        return new String(
                zip.getInputStream(zip.getEntry(name)).readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
}
