package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnixctlClientTest {

    private static final Path VSWITCH = Path.of("/usr/share/openvswitch/vswitch.ovsschema");

    private final Workspace workspace = Workspace.create();
    private final OvsdbServer server =
            OvsdbServer.in(workspace, "node").database(VSWITCH).start();
    private final UnixctlClient control = new UnixctlClient(server.controlSocket(), Harbour.PATIENCE);

    @AfterEach
    void stop() {
        workspace.close();
    }

    @Test
    void aDatabaseIsAddedAndTakenAwayLive() throws Exception {
        try (OvsdbClient client = OvsdbClient.open(Harbour.options(server.unixRemote()))) {
            await().atMost(Harbour.PATIENCE).until(() -> client.counters().failedConnects() > 0);
            assertThat(control.run("ovsdb-server/list-dbs").lines())
                    .containsExactlyInAnyOrder("_Server", "Open_vSwitch");

            Path file = workspace.directory().resolve("live.db");
            workspace
                    .command(
                            "ovsdb-tool",
                            "create",
                            file.toString(),
                            Harbour.schema(workspace).toString())
                    .output();
            control.run("ovsdb-server/add-db", file.toString());
            client.transact(Operation.insert("Ship", Harbour.ship("a")));
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);

            control.run("ovsdb-server/remove-db", Harbour.DATABASE);
            await().atMost(Harbour.PATIENCE).until(() -> !client.isConnected());
            assertThat(replica.isLive()).isFalse();
            assertThat(replica.snapshot().table("Ship")).hasSize(1);

            control.run("ovsdb-server/add-db", file.toString());
            await().atMost(Harbour.PATIENCE).until(replica::isLive);
            assertThat(replica.snapshot().table("Ship")).isEqualTo(ReplicaTest.fresh(client));
        }
    }

    @Test
    void addingAnotherDatabaseDoesNotDisturbTheClientsOfTheFirst() throws Exception {
        OvsdbServer harbour = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(harbour)) {
            Path file = workspace.directory().resolve("other.db");
            workspace
                    .command("ovsdb-tool", "create", file.toString(), VSWITCH.toString())
                    .output();
            new UnixctlClient(harbour.controlSocket(), Harbour.PATIENCE).run("ovsdb-server/add-db", file.toString());
            assertThat(client.databases()).contains("Open_vSwitch");
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void whatTheDaemonRefusesIsSaidInItsWords() {
        assertThatThrownBy(() -> control.run("ovsdb-server/add-db", "/nowhere.db"))
                .isInstanceOf(UnixctlClient.CommandRefused.class)
                .hasMessageContaining("/nowhere.db");
        assertThatThrownBy(() -> control.run("dance"))
                .isInstanceOf(UnixctlClient.CommandRefused.class)
                .hasMessageContaining("not a valid command");
    }

    @Test
    void aDaemonThatHangsOrIsGoneIsAnIoError() throws Exception {
        server.pause();
        UnixctlClient hasty = new UnixctlClient(server.controlSocket(), Duration.ofMillis(300));
        assertThatThrownBy(() -> hasty.run("version"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version");
        server.resume();
        assertThat(control.run("version")).contains("ovsdb-server");
        control.run("exit");
        await().atMost(Harbour.PATIENCE).until(() -> !server.daemon().alive());
        assertThatThrownBy(() -> control.run("version")).isInstanceOf(IOException.class);
    }
}
