package io.portolan.sdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What every {@link SdnBackend} does. An implementation's test extends this and supplies the network. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class SdnBackendContract {
    /** A backend for this cluster on the one network that the test class has. */
    protected abstract SdnBackend backend(ClusterId cluster);

    /** Makes a router that is nobody's of ours, with this network behind it, and answers its id. */
    protected abstract String foreignRouter(Cidr behind);

    /** A chassis that exists; null in underlay mode. */
    protected String chassis() {
        return "chassis-1";
    }

    /** Where a port of this backend's cluster is nested, in a VM of its own; null in overlay mode. */
    protected PortSpec.Nesting nesting(SdnBackend sdn, int tag) {
        return null;
    }

    /** All that the network has, of whomever, in any form that equals itself while nothing changes. */
    protected abstract Object everything();

    private static final ClusterName NAME = new ClusterName("blue");
    private static final RouterSpec ROUTER = new RouterSpec(NAME, List.of(Cidr.parse("10.4.0.0/16")), null);

    private static SwitchSpec.Subnet subnet(String cidr) {
        Cidr block = Cidr.parse(cidr);
        IpAddress gateway = block.address(1);
        return new SwitchSpec.Subnet(SubnetId.random(), block, gateway, MacAddress.derivedFrom(gateway));
    }

    private SwitchSpec node(String name, String router, SwitchSpec.Subnet... subnets) {
        return new SwitchSpec(NodeId.random(), new NodeName(name), router, List.of(subnets), null, chassis(), 1400);
    }

    private List<PortSpec> ports(SdnBackend sdn, SwitchSpec.Subnet subnet, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    IpAddress ip = subnet.cidr().address(2 + i);
                    return new PortSpec(
                            PortId.random(),
                            subnet.id(),
                            MacAddress.derivedFrom(ip),
                            List.of(ip),
                            nesting(sdn, 100 + i));
                })
                .toList();
    }

    private static void assertPorts(Collection<SdnPort> found, Collection<PortSpec> wanted) {
        assertThat(found).hasSameSizeAs(wanted).allSatisfy(port -> {
            assertThat(wanted).anySatisfy(spec -> {
                assertThat(port.id()).isEqualTo(spec.id());
                assertThat(port.mac()).isEqualTo(spec.mac());
                assertThat(port.addresses()).isEqualTo(spec.addresses());
            });
            assertThat(port.backendId()).isNotBlank();
            assertThat(port.fault()).isNull();
        });
    }

    @Test
    void aRouterIsMadeOnce() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            assertThat(sdn.topology().ownRouter()).isEmpty();
            Router router = sdn.topology().ensureRouter(ROUTER);
            Object after = everything();
            assertThat(sdn.topology().ensureRouter(ROUTER)).isEqualTo(router);
            assertThat(sdn.topology().ownRouter()).contains(router);
            assertThat(everything()).isEqualTo(after);
            sdn.topology().deleteRouter();
            sdn.topology().deleteRouter();
            assertThat(sdn.topology().ownRouter()).isEmpty();
        }
    }

    @Test
    void anAdoptedRouterIsUsedAndNeverDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            String foreign = foreignRouter(Cidr.parse("192.168.50.0/24"));
            Object before = everything();
            Router router = sdn.topology().adoptRouter(foreign, ROUTER);
            assertThat(router.id()).isEqualTo(foreign);
            assertThat(sdn.topology().ownRouter()).isEmpty();
            SwitchSpec spec = node("adopted-1", foreign, subnet("10.4.1.0/26"));
            assertThat(sdn.topology().ensureSwitch(spec)).isEqualTo(Ensured.MADE);
            sdn.topology().deleteSwitch(spec.node());
            sdn.topology().deleteRouter();
            assertThat(everything()).isEqualTo(before);
        }
    }

    @Test
    void aRouterThatIsNotThereOrOverlapsIsNotAdopted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            String overlapping = foreignRouter(Cidr.parse("10.4.128.0/24"));
            assertThatThrownBy(() -> sdn.topology().adoptRouter(overlapping, ROUTER))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.SUBNET_OVERLAP, Refused::reason)
                    .satisfies(e -> assertThat(e).hasMessageContaining("10.4.128.0/24"));
            assertThatThrownBy(() -> sdn.topology().adoptRouter("ab0e1a7e-0000-4000-8000-00000000dead", ROUTER))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_FOUND, Refused::reason);
        }
    }

    @Test
    void aNodesSwitchIsMadeMendedAndDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Router router = sdn.topology().ensureRouter(ROUTER);
            SwitchSpec.Subnet first = subnet("10.4.0.0/26");
            SwitchSpec one = node("node-1", router.id(), first);
            assertThat(sdn.topology().ensureSwitch(one)).isEqualTo(Ensured.MADE);
            Object after = everything();
            assertThat(sdn.topology().ensureSwitch(one)).isEqualTo(Ensured.UNCHANGED);
            assertThat(everything()).isEqualTo(after);

            SwitchSpec grown = new SwitchSpec(
                    one.node(),
                    one.name(),
                    one.routerId(),
                    List.of(first, subnet("10.4.0.64/27")),
                    null,
                    one.chassis(),
                    1400);
            assertThat(sdn.topology().ensureSwitch(grown)).isEqualTo(Ensured.MENDED);
            assertThat(sdn.topology().ensureSwitch(grown)).isEqualTo(Ensured.UNCHANGED);
            assertThat(sdn.topology().ensureSwitch(one)).isEqualTo(Ensured.MENDED);
            assertThat(everything()).isEqualTo(after);

            assertThat(sdn.topology().ownSwitches()).containsExactly(one.node());
            sdn.topology().deleteSwitch(one.node());
            sdn.topology().deleteSwitch(one.node());
            assertThat(sdn.topology().ownSwitches()).isEmpty();
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void aSwitchNeedsItsRouterAndAPortItsSwitch() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            SwitchSpec.Subnet subnet = subnet("10.4.0.0/26");
            SwitchSpec lost = node("node-1", "ab0e1a7e-0000-4000-8000-00000000dead", subnet);
            Object before = everything();
            assertThatThrownBy(() -> sdn.topology().ensureSwitch(lost))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_FOUND, Refused::reason);
            assertThatThrownBy(() -> sdn.ports().ensure(lost.node(), ports(sdn, subnet, 1)))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_FOUND, Refused::reason);
            assertThat(everything()).isEqualTo(before);
        }
    }

    @Test
    void portsAreMadeInBulkOnceAndListed() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Router router = sdn.topology().ensureRouter(ROUTER);
            SwitchSpec.Subnet subnet = subnet("10.4.2.0/27");
            SwitchSpec node = node("bulk-1", router.id(), subnet);
            sdn.topology().ensureSwitch(node);
            List<PortSpec> wanted = ports(sdn, subnet, 29);
            List<PortSpec> some = wanted.subList(0, 10);
            List<SdnPort> made = sdn.ports().ensure(node.node(), some);
            assertPorts(made, some);
            List<SdnPort> all = sdn.ports().ensure(node.node(), wanted);
            assertPorts(all, wanted);
            assertThat(all).as("those that were there keep their id").containsAll(made);
            Object after = everything();
            assertThat(sdn.ports().ensure(node.node(), wanted)).containsExactlyInAnyOrderElementsOf(all);
            assertThat(everything()).isEqualTo(after);
            assertThat(sdn.ports().list(node.node())).containsExactlyInAnyOrderElementsOf(all);

            assertThatThrownBy(() -> sdn.topology().deleteSwitch(node.node()))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.IN_USE, Refused::reason);
            List<PortId> gone = wanted.stream().limit(7).map(PortSpec::id).toList();
            sdn.ports().delete(node.node(), gone);
            sdn.ports().delete(node.node(), gone);
            assertPorts(sdn.ports().list(node.node()), wanted.subList(7, 29));
            sdn.ports().delete(node.node(), wanted.stream().map(PortSpec::id).toList());
            assertThat(sdn.ports().list(node.node())).isEmpty();
            sdn.topology().deleteSwitch(node.node());
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void anAddressIsOnASwitchOnce() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Router router = sdn.topology().ensureRouter(ROUTER);
            SwitchSpec.Subnet subnet = subnet("10.4.3.0/27");
            SwitchSpec node = node("dup-1", router.id(), subnet);
            sdn.topology().ensureSwitch(node);
            List<PortSpec> wanted = ports(sdn, subnet, 2);
            sdn.ports().ensure(node.node(), wanted);
            PortSpec thief = new PortSpec(
                    PortId.random(),
                    subnet.id(),
                    wanted.get(0).mac(),
                    wanted.get(0).addresses(),
                    nesting(sdn, 200));
            Object before = everything();
            assertThatThrownBy(() -> sdn.ports().ensure(node.node(), List.of(thief)))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.CONFLICT, Refused::reason);
            assertThat(everything()).isEqualTo(before);
        }
    }

    @Test
    void clustersWithTheSameAddressesDoNotMeet() {
        try (SdnBackend blue = backend(ClusterId.random());
                SdnBackend green = backend(ClusterId.random())) {
            List<SdnPort> blues = populate(blue);
            Object before = everything();
            List<SdnPort> greens = new ArrayList<>();
            SwitchSpec node =
                    node("twin-1", green.topology().ensureRouter(ROUTER).id(), subnet("10.4.4.0/28"));
            green.topology().ensureSwitch(node);
            greens.addAll(green.ports()
                    .ensure(node.node(), ports(green, node.subnets().get(0), 4)));
            assertThat(greens)
                    .extracting(SdnPort::addresses)
                    .containsExactlyInAnyOrderElementsOf(
                            blues.stream().map(SdnPort::addresses).toList());
            assertThat(blue.topology().ownSwitches()).doesNotContain(node.node());
            assertThat(blue.ports().list(node.node())).isEmpty();
            blue.ports().delete(node.node(), greens.stream().map(SdnPort::id).toList());
            blue.topology().deleteSwitch(node.node());
            assertThat(green.ports().list(node.node())).containsExactlyInAnyOrderElementsOf(greens);
            green.ports().delete(node.node(), greens.stream().map(SdnPort::id).toList());
            green.topology().deleteSwitch(node.node());
            green.topology().deleteRouter();
            assertThat(everything()).isEqualTo(before);
        }
    }

    private List<SdnPort> populate(SdnBackend sdn) {
        SwitchSpec node = node("twin-1", sdn.topology().ensureRouter(ROUTER).id(), subnet("10.4.4.0/28"));
        sdn.topology().ensureSwitch(node);
        return sdn.ports().ensure(node.node(), ports(sdn, node.subnets().get(0), 4));
    }
}
