package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OvsdbServerTest {
    private static final Path NORTHBOUND = Path.of("/usr/share/ovn/ovn-nb.ovsschema");
    private static final String INSERT = """
            ["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"survivor"}}]""";
    private static final String NAMES = """
            ["OVN_Northbound",{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}]""";

    private final Workspace workspace = Workspace.create();

    @AfterEach
    void close() {
        workspace.close();
    }

    @Test
    void whatWasWrittenSurvivesAKillAndTheAddressesStayTheSame() {
        OvsdbServer server =
                OvsdbServer.in(workspace, "nb").database(NORTHBOUND).tcp().start();
        server.transact(INSERT);
        String before = server.tcpRemote();

        server.kill9();
        assertThat(server.daemon().alive()).isFalse();
        server.start();

        assertThat(server.tcpRemote()).isEqualTo(before);
        assertThat(select("unix:" + server.socket())).contains("survivor");
        assertThat(select(before)).contains("survivor");
    }

    @Test
    void aPausedServerAnswersNothingUntilItIsResumed() {
        OvsdbServer server =
                OvsdbServer.in(workspace, "nb").database(NORTHBOUND).start();
        server.pause();
        assertThat(workspace
                        .command("ovsdb-client", "--timeout=1", "list-dbs", server.unixRemote())
                        .run()
                        .succeeded())
                .isFalse();
        server.resume();
        assertThat(select(server.unixRemote())).contains("rows");
    }

    @Test
    void aSilentClientIsDroppedAfterTheInactivityProbeThatWasAskedFor() throws Exception {
        OvsdbServer server = OvsdbServer.in(workspace, "nb")
                .database(NORTHBOUND)
                .tcp()
                .inactivityProbe(Duration.ofSeconds(1))
                .start();
        try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), server.tcpPort())) {
            silent.setSoTimeout(30_000);
            String heard = new String(silent.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(heard).contains("\"method\":\"echo\"");
        }
    }

    @Test
    void clientsOfTheTlsPortNeedACertificateOfTheAuthority() {
        Path directory = workspace.directory("pki");
        OvsdbServer.Tls server = certificate(directory, "server");
        OvsdbServer.Tls client = certificate(directory, "client");
        OvsdbServer listening = OvsdbServer.in(workspace, "nb")
                .database(NORTHBOUND)
                .tls(new OvsdbServer.Tls(server.privateKey(), server.certificate(), client.certificate()))
                .start();

        assertThat(listed(listening, client, server.certificate()).stdout()).contains("OVN_Northbound");
        assertThat(listed(listening, server, server.certificate()).succeeded()).isFalse();
        assertThatThrownBy(listening::tcpPort).isInstanceOf(IllegalStateException.class);
    }

    private Command.Result listed(OvsdbServer server, OvsdbServer.Tls client, Path authority) {
        return workspace
                .command(
                        "ovsdb-client",
                        "--timeout=3",
                        "--private-key=" + client.privateKey(),
                        "--certificate=" + client.certificate(),
                        "--ca-cert=" + authority,
                        "list-dbs",
                        server.tlsRemote())
                .run();
    }

    private OvsdbServer.Tls certificate(Path directory, String name) {
        Path key = directory.resolve(name + ".key");
        Path certificate = directory.resolve(name + ".pem");
        workspace
                .command(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "rsa:2048",
                        "-nodes",
                        "-subj",
                        "/CN=" + name,
                        "-keyout",
                        key.toString(),
                        "-out",
                        certificate.toString())
                .output();
        return new OvsdbServer.Tls(key, certificate, certificate);
    }

    private String select(String remote) {
        return workspace
                .command("ovsdb-client", "--timeout=10", "transact", remote, NAMES)
                .output();
    }
}
