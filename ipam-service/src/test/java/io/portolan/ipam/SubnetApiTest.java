package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortState;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortView;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.SubnetView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubnetApiTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/16", 30);
    private final NodeId node = World.node(cluster);

    private static Http.Answer cut(NodeId node, int ordinal, int prefixLength) {
        return World.http().put("/v1/nodes/" + node + "/subnets/" + ordinal, new SubnetRequest(prefixLength));
    }

    @Test
    void aSubnetComesWithAPortForEveryUsableAddressAndAskingAgainFindsIt() {
        SubnetView made = cut(node, 0, 24).assertStatus(201).as(SubnetView.class);
        assertThat(made.cidr()).isEqualTo(Cidr.parse("10.4.0.0/24"));
        assertThat(made.gateway()).isEqualTo(IpAddress.parse("10.4.0.1"));
        assertThat(made.gatewayMac()).isEqualTo(MacAddress.derivedFrom(made.gateway()));
        SubnetPackingTest.assertThatEveryUsableAddressHasAPort(node, made);
        World.changingNothing(
                cluster,
                () -> assertThat(cut(node, 0, 24).assertStatus(200).as(SubnetView.class))
                        .isEqualTo(made));
        assertThat(World.http().get("/v1/nodes/" + node + "/subnets").as(SubnetView[].class))
                .containsExactly(made);
        PortView first = World.ports(node, PortState.PLANNED).getFirst();
        assertThat(first.addresses()).singleElement().satisfies(address -> {
            assertThat(address.address()).isEqualTo(IpAddress.parse("10.4.0.2"));
            assertThat(address.prefixLength()).isEqualTo(24);
            assertThat(address.gateway()).isEqualTo(made.gateway());
        });
    }

    @Test
    void anotherPrefixUnderTheSameOrdinalIsRefused() {
        cut(node, 0, 28).assertStatus(201);
        World.changingNothing(cluster, () -> cut(node, 0, 27).assertProblem(409, "subnet-differs", "prefixLength"));
    }

    @ParameterizedTest
    @CsvSource({
        "30, prefix-too-small",
        "31, prefix-too-small",
        "32, prefix-too-small",
        "33, invalid",
        "15, invalid",
        "0, invalid",
        "-1, invalid"
    })
    void aPrefixThatIsNoNodesIsRefused(int prefixLength, String slug) {
        World.changingNothing(cluster, () -> cut(node, 0, prefixLength).assertProblem(400, slug, "prefixLength"));
    }

    @Test
    void theLargestIsCutThatThereIsRoomForAndNoneBeyondTheLongest() {
        World.TestingCluster small = World.clusterWithPool("10.4.0.0/26", 30);
        NodeId one = World.node(small);
        cut(one, 0, 28).assertStatus(201);
        SubnetRequest range = new SubnetRequest(26, 28);
        String path = "/v1/nodes/" + one + "/subnets/";
        SubnetView made = World.http().put(path + 1, range).assertStatus(201).as(SubnetView.class);
        assertThat(made.cidr()).isEqualTo(Cidr.parse("10.4.0.32/27"));
        World.changingNothing(
                small,
                () -> assertThat(World.http()
                                .put(path + 1, range)
                                .assertStatus(200)
                                .as(SubnetView.class))
                        .isEqualTo(made));
        World.changingNothing(
                small,
                () -> World.http()
                        .put(path + 1, new SubnetRequest(28, 29))
                        .assertProblem(409, "subnet-differs", "prefixLength"));
        cut(one, 2, 29).assertStatus(201);
        World.changingNothing(
                small, () -> World.http().put(path + 3, range).assertProblem(507, "pool-exhausted", "prefixLength"));
    }

    @ParameterizedTest
    @CsvSource({"27, 26", "27, 30", "27, -1"})
    void aLongestThatIsNoneIsRefused(int prefixLength, int longest) {
        World.changingNothing(
                cluster,
                () -> World.http()
                        .put("/v1/nodes/" + node + "/subnets/0", new SubnetRequest(prefixLength, longest))
                        .assertProblem(400, "invalid", "longest"));
    }

    @Test
    void anExhaustedPoolSaysHowMuchIsFreeAndWhatToDo() {
        World.TestingCluster small = World.clusterWithPool("10.4.0.0/26", 30);
        NodeId one = World.node(small);
        cut(one, 0, 28).assertStatus(201);
        var problem = World.changingNothing(
                small, () -> cut(one, 1, 26).assertProblem(507, "pool-exhausted", "prefixLength"));
        assertThat(problem.path("freeAddresses").asInt()).isEqualTo(48);
        assertThat(problem.path("largestFreeBlock").asString()).isEqualTo("a /27");
        assertThat(problem.path("detail").asString()).contains("another pool", "smaller subnet");
        World.TestingCluster none = World.cluster("10.4.0.0/16", 30);
        NodeId lost = World.node(none);
        assertThat(cut(lost, 0, 26)
                        .assertProblem(507, "pool-exhausted", "prefixLength")
                        .path("largestFreeBlock")
                        .asString())
                .isEqualTo("none");
    }

    @Test
    void anUnknownNodeAndADrainingOneGetNone() {
        World.changingNothing(cluster, () -> cut(NodeId.random(), 0, 26).assertProblem(404, "unknown-node", "node"));
        World.sql("update node set state = 'draining' where id = '%s'".formatted(node));
        World.changingNothing(cluster, () -> cut(node, 0, 26).assertProblem(409, "node-draining", "node"));
    }

    @Test
    void aSubnetWithPortsIsNotTakenBackAndOneWithoutIs() {
        cut(node, 0, 28).assertStatus(201);
        var problem = World.changingNothing(
                cluster,
                () -> World.http().delete("/v1/nodes/" + node + "/subnets/0").assertProblem(409, "subnet-in-use", ""));
        assertThat(problem.path("ports").path("planned").asInt()).isEqualTo(13);
        World.sql("delete from port where node_id = '%s'".formatted(node));
        for (int i = 0; i < 2; i++) {
            World.http().delete("/v1/nodes/" + node + "/subnets/0").assertStatus(204);
        }
        World.http().delete("/v1/nodes/" + NodeId.random() + "/subnets/0").assertStatus(204);
        assertThat(World.http().get("/v1/nodes/" + node + "/subnets").as(SubnetView[].class))
                .isEmpty();
    }

    @Test
    void nestedPortsHaveTheLowestFreeTagsOfTheirParent() {
        NodeId vm = World.nestedNode(cluster, "vif-1");
        cut(vm, 0, 29).assertStatus(201);
        cut(vm, 1, 28).assertStatus(201);
        assertThat(World.ports(vm, PortState.PLANNED))
                .extracting(PortView::vlanTag)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, 18).mapToObj(VlanTag::new).toList());
        World.sql("delete from port where node_id = '%s' and vlan_tag <= 5".formatted(vm));
        cut(vm, 2, 29).assertStatus(201);
        assertThat(World.rows(
                        "select vlan_tag from port p join subnet s on s.id = p.subnet_id where s.node_id = '%s' and s.ordinal = 2 order by ip"
                                .formatted(vm)))
                .containsExactly("1", "2", "3", "4", "5");
        assertThat(World.rows("select distinct parent from port where node_id = '%s'".formatted(vm)))
                .containsExactly("vif-1");
    }

    @Test
    void aParentHas4094Tags() {
        NodeId vm = World.nestedNode(cluster, "vif-2");
        cut(vm, 0, 21).assertStatus(201);
        cut(vm, 1, 22).assertStatus(201);
        cut(vm, 2, 23).assertStatus(201);
        cut(vm, 3, 24).assertStatus(201);
        cut(vm, 4, 25).assertStatus(201);
        var problem = World.changingNothing(
                cluster, () -> cut(vm, 5, 24).assertProblem(507, "vlan-tags-exhausted", "prefixLength"));
        assertThat(problem.path("tagsLeft").asInt()).isEqualTo(4094 - 2045 - 1021 - 509 - 253 - 125);
        cut(vm, 5, 26).assertStatus(201);
    }

    @Test
    void nodesThatJoinAtOnceThroughThreeReplicasGetSubnetsThatDoNotOverlap() throws Exception {
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            NodeId joining = World.node(cluster);
            Http http = World.replica(i % 3).http();
            int prefixLength = 25 + i % 5;
            for (int retry = 0; retry < 2; retry++) {
                calls.add(() -> http.put("/v1/nodes/" + joining + "/subnets/0", new SubnetRequest(prefixLength)));
            }
        }
        Set<SubnetView> subnets = new HashSet<>();
        for (Http.Answer answer : ClaimApiTest.atOnce(calls)) {
            subnets.add(answer.as(SubnetView.class));
        }
        assertThat(subnets).hasSize(24);
        for (SubnetView one : subnets) {
            assertThat(subnets.stream().filter(other -> other.cidr().overlaps(one.cidr())))
                    .hasSize(1);
        }
    }
}
