package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.PortId;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody else's hand on the database leads to. Each test looks at the whole of it. */
class OvnDriftTest {
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;

    private TestingCluster cluster;
    private SdnBackend backend;
    private Map<String, Map<UUID, Row>> good;
    private Map<String, Map<UUID, Row>> foreign;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        central = OvnCentral.in(workspace).start();
        northbound = new TestingCentral(central.northbound().unixRemote());
        central.nbctl(("lr-add stranger -- lrp-add stranger stranger-port 02:00:00:00:00:07 192.0.2.1/24"
                        + " -- lrp-set-gateway-chassis stranger-port chassis-1 -- ls-add stranger-switch"
                        + " -- lsp-add stranger-switch stranger-pod")
                .split(" "));
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    @BeforeEach
    void make() {
        cluster = TestingCluster.of("10.4.1.0/28", 5);
        backend = northbound.backend(cluster.id());
        foreign = northbound.foreign();
        cluster.make(backend);
        good = northbound.dump();
    }

    @AfterEach
    void unmake() {
        cluster.unmake(backend);
        assertThat(northbound.dump())
                .as("all of ours is gone, all of others is there")
                .isEqualTo(foreign);
        backend.close();
    }

    private Ensured ensureSwitch() {
        return backend.topology()
                .ensureSwitch(cluster.onRouter(
                        backend.topology().ensureRouter(TestingCluster.ROUTER).id()));
    }

    private String name(Kind kind) {
        return Key.of(kind, cluster.node()).name();
    }

    private String row(Kind kind) {
        return Key.of(kind, cluster.node()).row().toString();
    }

    /** Replaces placeholders of rows in an {@code ovn-nbctl} command line. */
    private void tamper(String command) {
        PortId port = cluster.ports().getFirst().id();
        central.nbctl(command.replace("{router}", cluster.id().toString())
                .replace("{switch}", row(Kind.SWITCH))
                .replace("{uplink}", name(Kind.UPLINK))
                .replace("{router-port}", name(Kind.ROUTER_PORT))
                .replace("{pin}", row(Kind.PIN))
                .replace("{port}", port.toString())
                .replace("{cluster}", cluster.id().toString())
                .replace("{node}", cluster.node().toString())
                .split(" "));
        assertThat(northbound.dump()).as("tampering had an effect").isNotEqualTo(good);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set Logical_Switch {switch} name=mine",
                "set Logical_Switch {switch} other_config:subnet=10.9.0.0/24",
                "lsp-set-addresses {uplink} unknown",
                "lsp-set-type {uplink} localnet",
                "set Logical_Switch_Port {uplink} name=mine",
                "lsp-set-options {uplink} router-port=elsewhere",
                "lsp-set-enabled {uplink} disabled",
                "lsp-del {uplink}",
                "lrp-del {router-port}",
                "set Logical_Router_Port {router-port} name=mine",
                "set Logical_Router_Port {router-port} mac=\"02:00:00:00:00:99\"",
                "set Logical_Router_Port {router-port} networks=10.4.9.1/24",
                "lrp-set-enabled {router-port} disabled",
                "lrp-set-options {router-port} gateway_mtu=1000",
                "set Logical_Router_Port {router-port} peer=elsewhere",
                "clear Logical_Router_Port {router-port} gateway_chassis",
                "set Gateway_Chassis {pin} chassis_name=elsewhere",
                "set Gateway_Chassis {pin} priority=7",
                "lrp-set-gateway-chassis {router-port} elsewhere 20",
                "set Logical_Router {router} name=mine",
                "set Logical_Router {router} enabled=false",
                "create Logical_Switch name=copy external_ids:\"portolan:cluster\"={cluster} external_ids:\"portolan:key\"=\"switch:{node}\"",
                "lsp-add {switch} copy -- set Logical_Switch_Port copy external_ids:\"portolan:cluster\"={cluster} external_ids:\"portolan:key\"=\"uplink:{node}\"",
                "lrp-add {router} copy 02:00:00:00:00:98 10.8.0.1/24 -- set Logical_Router_Port copy external_ids:\"portolan:cluster\"={cluster} external_ids:\"portolan:key\"=\"router-port:{node}\"",
            })
    void aSwitchIsMended(String tampering) {
        tamper(tampering);
        backend.topology().ensureRouter(TestingCluster.ROUTER);
        ensureSwitch();
        assertThat(northbound.dump()).isEqualTo(good);
        assertThat(ensureSwitch()).isEqualTo(Ensured.UNCHANGED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lsp-set-addresses {port} unknown",
                "clear Logical_Switch_Port {port} addresses",
                "lsp-set-port-security {port}",
                "lsp-set-port-security {port} 02:00:00:00:00:55",
                "lsp-set-type {port} virtual",
                "lsp-set-enabled {port} disabled",
                "lsp-set-options {port} requested-chassis=elsewhere",
                "set Logical_Switch_Port {port} parent_name=mine tag=7",
                "set Logical_Switch_Port {port} name=mine",
                "lsp-del {port}",
                "lsp-add {switch} copy -- set Logical_Switch_Port copy external_ids:\"portolan:cluster\"={cluster} external_ids:\"portolan:key\"=\"port:{port}\"",
            })
    void aPortIsMended(String tampering) {
        tamper(tampering);
        List<SdnPort> ports = backend.ports().ensure(cluster.node(), cluster.ports());
        assertThat(ports).hasSize(5).allSatisfy(port -> assertThat(port.fault()).isNull());
        assertThat(northbound.dump()).isEqualTo(good);
        assertThat(backend.ports().list(cluster.node())).containsExactlyInAnyOrderElementsOf(ports);
    }

    @Test
    void aPortThatCannotBeReadOrIsDisabledIsListedWithItsFault() {
        tamper("lsp-set-addresses {port} unknown -- lsp-set-enabled "
                + cluster.ports().get(1).id() + " disabled");
        assertThat(backend.ports().list(cluster.node()))
                .filteredOn(port -> port.fault() != null)
                .extracting(SdnPort::id)
                .containsExactlyInAnyOrder(
                        cluster.ports().get(0).id(), cluster.ports().get(1).id());
        backend.ports().ensure(cluster.node(), cluster.ports());
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void aSwitchThatVanishedIsMadeAgainWithItsPorts() {
        tamper("ls-del {switch}");
        assertThat(backend.topology().ownSwitches())
                .as("its router port is left")
                .containsExactly(cluster.node());
        assertThatThrownBy(() -> backend.ports().ensure(cluster.node(), cluster.ports()))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.NOT_FOUND, Refused::reason);
        assertThat(ensureSwitch()).isEqualTo(Ensured.MENDED);
        backend.ports().ensure(cluster.node(), cluster.ports());
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void entriesOfOthersInTheColumnsThatAllShareAreLeftAlone() {
        tamper(
                "set Logical_Switch {switch} external_ids:other=1 -- set Logical_Switch_Port {port} external_ids:other=1");
        Map<String, Map<UUID, Row>> shared = northbound.dump();
        assertThat(ensureSwitch()).isEqualTo(Ensured.UNCHANGED);
        backend.ports().ensure(cluster.node(), cluster.ports());
        assertThat(northbound.dump()).isEqualTo(shared);
    }

    @Test
    void anotherChassisMovesThePin() {
        String router = backend.topology().ensureRouter(TestingCluster.ROUTER).id();
        assertThat(backend.topology().ensureSwitch(cluster.onRouter(router, "chassis-2")))
                .isEqualTo(Ensured.MENDED);
        assertThat(northbound.dump().get("Gateway_Chassis").get(UUID.fromString(row(Kind.PIN))))
                .returns("chassis-2", pin -> pin.string("chassis_name"));
        assertThat(ensureSwitch()).isEqualTo(Ensured.MENDED);
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void anotherRouterTakesThePortOver() {
        central.nbctl("lr-add", "adopted");
        String adopted =
                backend.topology().adoptRouter("adopted", TestingCluster.ROUTER).id();
        Map<String, Map<UUID, Row>> before = northbound.dump();
        assertThat(backend.topology().ensureSwitch(cluster.onRouter(adopted))).isEqualTo(Ensured.MENDED);
        assertThat(backend.topology().ensureSwitch(cluster.onRouter(adopted))).isEqualTo(Ensured.UNCHANGED);
        assertThat(ensureSwitch()).isEqualTo(Ensured.MENDED);
        assertThat(northbound.dump()).isEqualTo(before);
        central.nbctl("lr-del", "adopted");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "remove Logical_Switch {switch} external_ids \"portolan:cluster\"",
                "remove Logical_Switch_Port {uplink} external_ids \"portolan:cluster\"",
                "remove Logical_Router_Port {router-port} external_ids \"portolan:cluster\"",
                "remove Gateway_Chassis {pin} external_ids \"portolan:cluster\"",
                "remove Logical_Switch_Port {port} external_ids \"portolan:cluster\"",
            })
    void aRowThatLostOurMarkIsNotTouchedHoweverMuchItLooksLikeOurs(String tampering) {
        tamper(tampering);
        Map<String, Map<UUID, Row>> lost = northbound.dump();
        assertThatThrownBy(() -> {
                    ensureSwitch();
                    backend.ports().ensure(cluster.node(), cluster.ports());
                })
                .asInstanceOf(type(Refused.class))
                .returns(Reason.CONFLICT, Refused::reason);
        assertThat(northbound.dump()).isEqualTo(lost);
        String[] words = tampering.split(" ");
        central.nbctl(("set " + words[1] + " " + words[2] + " external_ids:\"portolan:cluster\"={cluster}")
                .replace("{switch}", row(Kind.SWITCH))
                .replace("{uplink}", name(Kind.UPLINK))
                .replace("{router-port}", name(Kind.ROUTER_PORT))
                .replace("{pin}", row(Kind.PIN))
                .replace("{port}", cluster.ports().getFirst().id().toString())
                .replace("{cluster}", cluster.id().toString())
                .split(" "));
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void aStrangersPortOfOurNameIsAConflictThatNamesIt() {
        PortSpec spec = cluster.ports().getFirst();
        backend.ports().delete(cluster.node(), List.of(spec.id()));
        central.nbctl("lsp-add", "stranger-switch", spec.id().toString());
        Map<String, Map<UUID, Row>> before = northbound.dump();
        assertThatThrownBy(() -> backend.ports().ensure(cluster.node(), cluster.ports()))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.CONFLICT, Refused::reason)
                .satisfies(e -> assertThat(e).hasMessageContaining(spec.id().toString()));
        assertThat(northbound.dump()).isEqualTo(before);
        central.nbctl("lsp-del", spec.id().toString());
    }

    @Test
    void aStrangersPortKeepsItsAddressAndTheSwitch() {
        PortSpec spec = cluster.ports().getFirst();
        backend.ports()
                .delete(
                        cluster.node(),
                        cluster.ports().stream().map(PortSpec::id).toList());
        central.nbctl("lsp-add", row(Kind.SWITCH), "guest");
        central.nbctl(
                "lsp-set-addresses",
                "guest",
                "02:00:00:00:00:44 " + spec.addresses().getFirst());
        Map<String, Map<UUID, Row>> before = northbound.dump();
        assertThatThrownBy(() -> backend.ports().ensure(cluster.node(), List.of(spec)))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.CONFLICT, Refused::reason)
                .satisfies(e -> assertThat(e).hasMessageContaining("guest"));
        assertThatThrownBy(() -> backend.topology().deleteSwitch(cluster.node()))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.IN_USE, Refused::reason)
                .satisfies(e -> assertThat(e).hasMessageContaining("guest"));
        assertThat(backend.ports().list(cluster.node())).isEmpty();
        assertThat(northbound.dump()).isEqualTo(before);
        central.nbctl("lsp-del", "guest");
    }

    @Test
    void theRoutersAddressIsNoPods() {
        PortSpec spec = cluster.ports().getFirst();
        PortSpec thief = new PortSpec(
                PortId.random(),
                spec.subnet(),
                spec.mac(),
                List.of(cluster.subnet().gateway()),
                null);
        assertThatThrownBy(() -> backend.ports().ensure(cluster.node(), List.of(thief)))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.CONFLICT, Refused::reason);
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void aRouterIsNotAdoptedOverARouteToThePodsOrByAnAmbiguousName() {
        central.nbctl("lr-add", "twin");
        central.nbctl("lr-route-add", "twin", "10.0.0.0/8", "192.0.2.9");
        assertThatThrownBy(() -> backend.topology().adoptRouter("twin", TestingCluster.ROUTER))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.SUBNET_OVERLAP, Refused::reason)
                .satisfies(e -> assertThat(e).hasMessageContaining("10.0.0.0/8"));
        central.nbctl("lr-route-del", "twin");
        central.nbctl("lr-route-add", "twin", "0.0.0.0/0", "192.0.2.9");
        assertThat(backend.topology().adoptRouter("twin", TestingCluster.ROUTER).id())
                .isEqualTo(central.nbctl("--bare", "--columns=_uuid", "find", "Logical_Router", "name=twin")
                        .strip());
        central.nbctl("--add-duplicate", "lr-add", "twin");
        assertThatThrownBy(() -> backend.topology().adoptRouter("twin", TestingCluster.ROUTER))
                .asInstanceOf(type(Refused.class))
                .returns(Reason.CONFLICT, Refused::reason);
        for (String twin : central.nbctl("--bare", "--columns=_uuid", "find", "Logical_Router", "name=twin")
                .lines()
                .filter(line -> !line.isBlank())
                .toList()) {
            central.nbctl("lr-del", twin);
        }
    }
}
