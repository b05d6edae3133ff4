package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.ReportRequest;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.TransitionRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NetworkApiTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
    private final NodeId node = World.node(cluster);

    private String path(String what) {
        return "/v1/nodes/" + node + "/" + what;
    }

    private List<PortId> planned() {
        World.http().put(path("subnets/0"), new SubnetRequest(28)).assertStatus(201);
        return World.ports(node, PortState.PLANNED).stream().map(PortView::id).toList();
    }

    @Test
    void portsAreMadeAndAnsweringTwiceIsTheSame() {
        List<PortId> ports = planned();
        assertThat(ports).hasSize(13);
        for (int i = 0; i < 2; i++) {
            assertThat(World.move(node, PortState.PLANNED, PortState.PROVISIONING, ports)
                            .ports())
                    .isEqualTo(ports);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(World.move(node, PortState.PROVISIONING, PortState.FREE, ports)
                            .ports())
                    .isEqualTo(ports);
        }
        assertThat(World.ports(node, PortState.FREE)).allSatisfy(port -> {
            assertThat(port.backendId()).isEqualTo(port.id().toString());
            assertThat(port.revision()).isEqualTo(2);
        });
    }

    @Test
    void aPortInAnotherStateIsLeftAlone() {
        List<PortId> ports = planned();
        World.changingNothing(cluster, () -> {
            assertThat(World.move(node, PortState.PROVISIONING, PortState.FREE, ports)
                            .ports())
                    .isEmpty();
            NodeId other = World.node(cluster);
            assertThat(World.move(other, PortState.PLANNED, PortState.PROVISIONING, ports)
                            .ports())
                    .isEmpty();
            return ports;
        });
    }

    @Test
    void aFailedPortSaysWhyAndIsTriedAgain() {
        List<PortId> ports = planned();
        World.move(node, PortState.PLANNED, PortState.PROVISIONING, ports);
        World.move(node, PortState.PROVISIONING, PortState.FAILED, ports.subList(0, 2));
        assertThat(World.ports(node, PortState.FAILED))
                .hasSize(2)
                .allSatisfy(port -> assertThat(port.stateReason()).isEqualTo("the network said no"));
        World.move(node, PortState.FAILED, PortState.PLANNED, ports.subList(0, 2));
        assertThat(World.ports(node, PortState.PLANNED))
                .hasSize(2)
                .allSatisfy(port -> assertThat(port.stateReason()).isNull());
    }

    @ParameterizedTest
    @EnumSource(PortState.class)
    void onlyTheNetworksOwnTransitionsAreTaken(PortState to) {
        List<PortId> ports = planned();
        if (to != PortState.PROVISIONING) {
            World.changingNothing(
                    cluster,
                    () -> World.http()
                            .post(path("transitions"), World.transition(PortState.PLANNED, to, ports))
                            .assertProblem(400, "no-such-transition", "to"));
        }
        // A port in use stays as it is; only its id in the network may be another.
        if (to != PortState.LEASED) {
            World.changingNothing(
                    cluster,
                    () -> World.http()
                            .post(path("transitions"), World.transition(PortState.LEASED, to, ports))
                            .assertProblem(400, "no-such-transition", "to"));
        }
    }

    @Test
    void whatWasMadeHasAnIdInTheNetworkOfItsOwn() {
        List<PortId> ports = planned();
        World.move(node, PortState.PLANNED, PortState.PROVISIONING, ports);
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post(
                                path("transitions"),
                                new TransitionRequest(
                                        PortState.PROVISIONING,
                                        PortState.FREE,
                                        List.of(
                                                new TransitionRequest.Item(ports.get(0), "lsp-1", null),
                                                new TransitionRequest.Item(ports.get(1), null, null))))
                        .assertProblem(400, "invalid", "ports[1].backendId"));
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post(
                                path("transitions"),
                                new TransitionRequest(
                                        PortState.PROVISIONING,
                                        PortState.FREE,
                                        List.of(
                                                new TransitionRequest.Item(ports.get(0), "lsp-1", null),
                                                new TransitionRequest.Item(ports.get(1), "lsp-1", null))))
                        .assertProblem(409, "backend-id-taken", "ports"));
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post(
                                path("transitions"),
                                new TransitionRequest(
                                        PortState.PROVISIONING,
                                        PortState.FAILED,
                                        List.of(new TransitionRequest.Item(ports.get(0), null, " "))))
                        .assertProblem(400, "invalid", "ports[0].reason"));
    }

    @Test
    void aDrainTakesWhatNobodyHoldsThenWhatIsGivenBackAndRowsGoWhenTheNetworkConfirms() {
        List<PortId> ports = World.freePorts(node, 0, 28);
        List<PortId> leased = World.claim(node, 3).stream().map(PortView::id).toList();
        World.http()
                .post(
                        path("reports"),
                        new ReportRequest(
                                1,
                                List.of(new PortReport(
                                        UUID.randomUUID(),
                                        leased.getFirst(),
                                        PortReport.Kind.BOUND,
                                        "s",
                                        "eth0",
                                        null,
                                        Instant.now()))))
                .assertStatus(200);
        World.sql("update node set state = 'draining' where id = '%s'".formatted(node));
        assertThat(World.http().post(path("drains"), new DrainRequest(false)).as(PortCounts.class))
                .isEqualTo(new PortCounts(0, 0, 0, 2, 1, 0, 10, 0));
        World.http().post(path("releases"), new ReleaseRequest(1, leased)).assertStatus(200);
        assertThat(World.http().post(path("drains"), new DrainRequest(false)).as(PortCounts.class))
                .isEqualTo(new PortCounts(0, 0, 0, 0, 1, 0, 12, 0));
        PortsChanged removed =
                World.http().post(path("removals"), new RemovalRequest(ports)).as(PortsChanged.class);
        assertThat(removed.ports()).hasSize(12).doesNotContain(leased.getFirst());
        assertThat(World.http().post(path("drains"), new DrainRequest(true)).as(PortCounts.class))
                .isEqualTo(new PortCounts(0, 0, 0, 0, 0, 0, 1, 0));
        for (int i = 0; i < 2; i++) {
            assertThat(World.http()
                            .post(path("removals"), new RemovalRequest(ports))
                            .as(PortsChanged.class)
                            .ports())
                    .isEqualTo(ports);
        }
        assertThat(World.rows(
                        "select concat_ws(' ', from_state, to_state, sandbox) from port_event where port_id = '%s' order by revision"
                                .formatted(leased.getFirst())))
                .endsWith("leased bound s", "bound draining s", "draining removed");
        World.http().delete(path("subnets/0")).assertStatus(204);
    }

    @Test
    void onlyDrainingPortsAreRemoved() {
        List<PortId> ports = World.freePorts(node, 0, 28);
        PortsChanged removed = World.changingNothing(
                cluster,
                () -> World.http()
                        .post(path("removals"), new RemovalRequest(ports))
                        .as(PortsChanged.class));
        assertThat(removed.ports()).isEmpty();
    }

    @Test
    void portsAreListedByPagesInTheOrderOfTheirAddresses() {
        World.freePorts(node, 0, 26);
        World.freePorts(World.node(cluster), 0, 26);
        for (String list : List.of(path("ports"), cluster.path() + "/ports")) {
            List<PortView> all = new ArrayList<>();
            String cursor = null;
            do {
                PortPage page = World.http()
                        .get(list + "?limit=25&state=free" + (cursor == null ? "" : "&cursor=" + cursor))
                        .as(PortPage.class);
                assertThat(page.ports()).hasSizeBetween(1, 25);
                all.addAll(page.ports());
                cursor = page.next();
            } while (cursor != null);
            assertThat(all)
                    .hasSize(list.contains("nodes") ? 61 : 122)
                    .extracting(port -> port.addresses().getFirst().address())
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
    }

    private static void movesTo(NodeId node, String parent) {
        World.sql("update node set parent_port = '%s' where id = '%s'".formatted(parent, node));
    }

    private static List<String> nested(NodeId node) {
        return World.rows(
                "select concat_ws(' ', host(ip), parent, vlan_tag, state) from port where node_id = '%s' order by ip"
                        .formatted(node));
    }

    private static PortsChanged nest(NodeId node) {
        return World.http()
                .post("/v1/nodes/" + node + "/nestings", Map.of())
                .assertStatus(200)
                .as(PortsChanged.class);
    }

    @Test
    void theirNodesNewVmGetsAllPortsWithTheirTagsAndTheFreeOnesAreMadeAnew() {
        NodeId vm = World.nestedNode(cluster, "vif-1");
        List<PortId> ports = World.freePorts(vm, 0, 29);
        PortId leased = World.claim(vm, 1).getFirst().id();
        assertThat(nest(vm).ports()).as("none is elsewhere").isEmpty();
        movesTo(vm, "vif-2");
        World.http()
                .post("/v1/nodes/" + vm + "/claims", new ClaimRequest(UUID.randomUUID(), 1, 1))
                .assertProblem(507, "no-free-port", "");
        assertThat(nest(vm).ports()).containsExactlyInAnyOrderElementsOf(ports);
        assertThat(nested(vm))
                .containsExactly(
                        "10.4.0.2 vif-2 1 leased",
                        "10.4.0.3 vif-2 2 provisioning",
                        "10.4.0.4 vif-2 3 provisioning",
                        "10.4.0.5 vif-2 4 provisioning",
                        "10.4.0.6 vif-2 5 provisioning");
        assertThat(World.ports(vm, PortState.LEASED)).extracting(PortView::id).containsExactly(leased);
        assertThat(World.move(vm, PortState.PROVISIONING, PortState.FREE, ports).ports())
                .hasSize(4);
        assertThat(World.claim(vm, 1)).hasSize(1);
    }

    @Test
    void aTagThatIsTakenUnderTheNewVmIsGivenAnotherOne() {
        NodeId first = World.nestedNode(cluster, "vif-a");
        NodeId second = World.nestedNode(cluster, "vif-b");
        World.freePorts(first, 0, 29);
        World.freePorts(second, 0, 28);
        movesTo(first, "vif-c");
        movesTo(second, "vif-a");
        nest(second);
        assertThat(nested(second)).hasSize(13).allMatch(row -> row.contains(" vif-a "));
        assertThat(World.rows("select count(distinct vlan_tag) from port where parent = 'vif-a' and cluster_id = '%s'"
                        .formatted(cluster.id())))
                .as("5 of the node that moves on and 13 of this one")
                .containsExactly("18");
        nest(first);
        assertThat(nested(first)).hasSize(5).allMatch(row -> row.contains(" vif-c "));
    }

    @Test
    void aFreePortThatTheNetworkTakesOffTheAirIsNobodysUntilItIsBack() {
        List<PortId> ports = World.freePorts(node, 0, 29);
        World.claim(node, 1);
        assertThat(World.move(node, PortState.FREE, PortState.PROVISIONING, ports)
                        .ports())
                .as("the leased one is let be")
                .hasSize(4);
        World.http()
                .post(path("claims"), new ClaimRequest(UUID.randomUUID(), 1, 1))
                .assertProblem(503, "node-not-ready", "");
        World.move(node, PortState.PROVISIONING, PortState.FREE, ports);
        assertThat(World.claim(node, 4)).hasSize(4);
        assertThat(World.rows("select count(*) from port where made_at is not null and node_id = '%s'".formatted(node)))
                .containsExactly("5");
    }

    @Test
    void aNodeOfNoVmHasNothingToNest() {
        World.freePorts(node, 0, 29);
        assertThat(nest(node).ports()).isEmpty();
        World.http()
                .post("/v1/nodes/" + NodeId.random() + "/nestings", Map.of())
                .assertProblem(404, "unknown-node", "node");
    }
}
