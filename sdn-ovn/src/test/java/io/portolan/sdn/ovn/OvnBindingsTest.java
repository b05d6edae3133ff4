package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.model.ClusterId;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.sdn.SdnFailure;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A real southbound database without those who fill it: rows are written as northd and ovn-controller write them. */
class OvnBindingsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Row port(UUID datapath, int key, String name) {
        return Row.empty().with("logical_port", name).with("datapath", datapath).with("tunnel_key", key);
    }

    private static void fill(OvsdbServer server) {
        UUID encap = UUID.randomUUID();
        UUID chassis = UUID.randomUUID();
        UUID datapath = UUID.randomUUID();
        try (OvsdbClient client = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), "OVN_Southbound"))) {
            client.awaitConnected(PATIENCE);
            client.transact(
                    Operation.insert(
                                    "Encap",
                                    Row.empty()
                                            .with("type", "geneve")
                                            .with("ip", "192.0.2.1")
                                            .with("chassis_name", "node-1"))
                            .withId(encap),
                    Operation.insert(
                                    "Chassis",
                                    Row.empty().with("name", "node-1").with("encaps", Value.uuids(List.of(encap))))
                            .withId(chassis),
                    Operation.insert("Datapath_Binding", Row.empty().with("tunnel_key", 1))
                            .withId(datapath),
                    Operation.insert(
                            "Port_Binding",
                            port(datapath, 1, "up").with("chassis", chassis).with("up", true)),
                    Operation.insert(
                            "Port_Binding",
                            port(datapath, 2, "down").with("chassis", chassis).with("up", false)),
                    Operation.insert("Port_Binding", port(datapath, 3, "unbound")),
                    Operation.insert(
                            "Port_Binding",
                            port(datapath, 4, "a router's")
                                    .with("type", "patch")
                                    .with("chassis", chassis)));
        }
    }

    @Test
    void whatAChassisHasBoundIsToldByItsName() {
        try (Workspace workspace = Workspace.create();
                OvnBackends backends = new OvnBackends(PATIENCE)) {
            OvsdbServer northbound = OvsdbServer.in(workspace, "nb")
                    .database(OvnCentral.NORTHBOUND_SCHEMA)
                    .start();
            OvsdbServer southbound = OvsdbServer.in(workspace, "sb")
                    .database(OvnCentral.SOUTHBOUND_SCHEMA)
                    .start();
            fill(southbound);
            SdnBackend backend =
                    backends.backend(ClusterId.random(), northbound.unixRemote(), southbound.unixRemote(), null);
            assertThat(backend.bindings().all())
                    .isEqualTo(Map.of("up", new Binding("node-1", true), "down", new Binding("node-1", false)));
            backend.close();
            assertThat(backends.connections()).isZero();
        }
    }

    @Test
    void lesson23ADatabaseThatIsAwayIsNoAnswerAndOneThatNobodyNamedIsRefused() {
        try (Workspace workspace = Workspace.create();
                OvnBackends backends = new OvnBackends(Duration.ofSeconds(1))) {
            OvsdbServer northbound = OvsdbServer.in(workspace, "nb")
                    .database(OvnCentral.NORTHBOUND_SCHEMA)
                    .start();
            SdnBackend away = backends.backend(
                    ClusterId.random(),
                    northbound.unixRemote(),
                    "unix:" + workspace.directory("nowhere").resolve("sb.sock"),
                    null);
            assertThatThrownBy(() -> away.bindings().all()).isInstanceOf(SdnFailure.Unavailable.class);
            SdnBackend unnamed = backends.backend(ClusterId.random(), northbound.unixRemote(), null);
            assertThatThrownBy(unnamed::bindings).isInstanceOf(SdnFailure.Refused.class);
        }
    }
}
