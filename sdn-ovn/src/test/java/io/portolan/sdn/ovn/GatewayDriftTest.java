package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
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

/** What somebody else's hand on the rows of a gateway leads to. Each test looks at the whole database. */
class GatewayDriftTest {
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;

    private final FloatingIpId floating = FloatingIpId.random();
    private TestingCluster cluster;
    private SdnBackend backend;
    private Map<String, Map<UUID, Row>> foreign;
    private Map<String, Map<UUID, Row>> good;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        central = OvnCentral.in(workspace).start();
        northbound = new TestingCentral(central.northbound().unixRemote());
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    @BeforeEach
    void make() {
        cluster = TestingCluster.of("10.4.1.0/28", 2);
        backend = northbound.backend(cluster.id());
        foreign = northbound.dump();
        cluster.make(backend);
        ensure(gateway("edge-1", "edge-2"));
        good = northbound.dump();
    }

    @AfterEach
    void unmake() {
        backend.gateways().deleteGateway();
        cluster.unmake(backend);
        assertThat(northbound.dump()).as("all of ours is gone").isEqualTo(foreign);
        backend.close();
    }

    private GatewaySpec gateway(String... chassis) {
        return new GatewaySpec(
                cluster.id().toString(),
                List.of(Cidr.parse("10.4.0.0/16")),
                Cidr.parse("10.96.0.0/12"),
                true,
                List.of(Cidr.parse("192.168.0.0/16")),
                new GatewaySpec.Attachment(
                        "physnet",
                        new VlanTag(7),
                        Cidr.parse("203.0.113.0/24"),
                        IpAddress.parse("203.0.113.1"),
                        IpAddress.parse("203.0.113.254"),
                        IpAddress.parse("203.0.113.2"),
                        List.of(chassis)));
    }

    private void ensure(GatewaySpec spec) {
        assertThat(backend.gateways().ensureGateway(spec)).containsExactly(IpAddress.parse("203.0.113.1"));
        leads("203.0.113.21");
    }

    private void leads(String address) {
        PortId port = cluster.ports().getFirst().id();
        backend.floatingIps()
                .ensureFloatingIp(new FloatingIpSpec(
                        floating,
                        cluster.id().toString(),
                        IpAddress.parse(address),
                        new FloatingIpSpec.Target(port, IpAddress.parse("10.4.1.2"), port.toString())));
    }

    private Key key(Kind kind) {
        return Key.of(kind, cluster.id());
    }

    private void tamper(String command) {
        central.nbctl(command.replace("{router}", cluster.id().toString())
                .replace("{switch}", key(Kind.EXTERNAL_SWITCH).row().toString())
                .replace("{uplink}", key(Kind.EXTERNAL_UPLINK).name())
                .replace("{localnet}", key(Kind.LOCALNET).name())
                .replace("{port}", key(Kind.EXTERNAL_PORT).name())
                .replace("{port-row}", key(Kind.EXTERNAL_PORT).row().toString())
                .replace(
                        "{pin}",
                        Key.of(Kind.EXTERNAL_PIN, cluster.id(), "edge-1").row().toString())
                .replace(
                        "{route}",
                        Key.of(Kind.ROUTE, cluster.id(), "0.0.0.0/0").row().toString())
                .replace("{policy}", key(Kind.POLICY).row().toString())
                .replace(
                        "{snat}",
                        Key.of(Kind.SNAT, cluster.id(), "10.4.0.0/16").row().toString())
                .replace("{exempt}", key(Kind.NO_SNAT).row().toString())
                .replace("{limits}", key(Kind.SOURCE_LIMITS).row().toString())
                .replace("{floating}", floating.toString())
                .replace("{cluster}", cluster.id().toString())
                .split(" "));
        assertThat(northbound.dump()).as("tampering had an effect").isNotEqualTo(good);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set Logical_Switch {switch} name=mine",
                "lsp-set-options {localnet} network_name=elsewhere",
                "set Logical_Switch_Port {localnet} tag=9",
                "lsp-del {localnet}",
                "lsp-set-options {uplink} router-port={port}",
                "lsp-del {uplink}",
                "ls-del {switch}",
                "lrp-del {port}",
                "set Logical_Router_Port {port} networks=10.9.9.1/24",
                "clear Logical_Router_Port {port} gateway_chassis",
                "set Gateway_Chassis {pin} priority=7",
                "lrp-set-gateway-chassis {port} elsewhere 200",
                "set Logical_Router_Static_Route {route} nexthop=203.0.113.77",
                "clear Logical_Router {router} static_routes",
                "clear Logical_Router {router} policies",
                "set Logical_Router_Policy {policy} action=allow",
                "clear Logical_Router {router} nat",
                "clear Logical_Router {router} load_balancer_group",
                "set NAT {snat} external_ip=203.0.113.99",
                "clear NAT {snat} exempted_ext_ips",
                "set NAT {floating} logical_ip=10.4.1.3",
                "set NAT {floating} external_mac=\"02:00:00:00:00:01\" logical_port=x",
                "clear NAT {floating} gateway_port",
                "set Address_Set {exempt} addresses=10.0.0.0/8",
                "clear Port_Group {limits} ports",
                "set Port_Group {limits} name=mine",
                "pg-del {limits}",
                "create Logical_Switch name=copy external_ids:\"portolan:cluster\"={cluster} external_ids:\"portolan:key\"=\"external-switch:{cluster}\"",
            })
    void driftIsMended(String command) {
        tamper(command);
        ensure(gateway("edge-1", "edge-2"));
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void whatIsAsWantedIsNotWrittenAndWhatChangesIsChangedAlone() {
        ensure(gateway("edge-1", "edge-2"));
        assertThat(northbound.dump()).isEqualTo(good);
        ensure(gateway("edge-2", "edge-3"));
        assertThat(northbound.dump().get("Gateway_Chassis")).hasSameSizeAs(good.get("Gateway_Chassis"));
        ensure(gateway("edge-1", "edge-2"));
        assertThat(northbound.dump()).isEqualTo(good);
    }

    @Test
    void theGatewaysPortSortsBeforeTheNodes() {
        assertThat(key(Kind.EXTERNAL_PORT).row().toString())
                .startsWith("00000000")
                .isLessThan(Key.of(Kind.ROUTER_PORT, cluster.node()).row().toString());
    }

    @Test
    void anotherDefaultRouteIsAConflictAndOthersTranslationsStay() {
        backend.gateways().deleteGateway();
        central.nbctl(
                "lr-route-add",
                cluster.id().toString(),
                "0.0.0.0/0",
                "10.4.1.9",
                "--",
                "lr-nat-add",
                cluster.id().toString(),
                "snat",
                "192.0.2.1",
                "10.200.0.0/16");
        assertThatThrownBy(() -> backend.gateways().ensureGateway(gateway("edge-1")))
                .asInstanceOf(type(Refused.class))
                .extracting(Refused::reason)
                .isEqualTo(Reason.CONFLICT);
        assertThat(backend.gateways().hasGateway()).isFalse();
        central.nbctl("lr-route-del", cluster.id().toString());
        ensure(gateway("edge-1", "edge-2"));
        backend.gateways().deleteGateway();
        assertThat(central.nbctl("lr-nat-list", cluster.id().toString())).contains("10.200.0.0/16");
        central.nbctl("lr-nat-del", cluster.id().toString());
    }

    @Test
    void anAddressThatIsTranslatedForSomethingElseIsAConflict() {
        assertThatThrownBy(() -> leads("203.0.113.2"))
                .asInstanceOf(type(Refused.class))
                .extracting(Refused::reason)
                .isEqualTo(Reason.CONFLICT);
        assertThat(northbound.dump()).isEqualTo(good);
        assertThat(backend.floatingIps().ownFloatingIps())
                .singleElement()
                .satisfies(each -> assertThat(each.target()).isEqualTo(IpAddress.parse("10.4.1.2")));
    }
}
