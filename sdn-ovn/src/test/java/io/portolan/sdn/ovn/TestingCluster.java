package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SwitchSpec;
import java.util.List;
import java.util.stream.IntStream;

/** What a cluster with one node wants of its network. */
record TestingCluster(ClusterId id, NodeId node, SwitchSpec.Subnet subnet, List<PortSpec> ports) {
    private static final Cidr PODS = Cidr.parse("10.4.0.0/16");
    static final RouterSpec ROUTER = new RouterSpec(new ClusterName("blue"), List.of(PODS), null);

    static TestingCluster of(String cidr, int ports) {
        Cidr block = Cidr.parse(cidr);
        IpAddress gateway = block.address(1);
        SwitchSpec.Subnet subnet =
                new SwitchSpec.Subnet(SubnetId.random(), block, gateway, MacAddress.derivedFrom(gateway));
        List<PortSpec> specs = IntStream.range(0, ports)
                .mapToObj(i -> {
                    IpAddress ip = block.address(2 + i);
                    return new PortSpec(PortId.random(), subnet.id(), MacAddress.derivedFrom(ip), List.of(ip), null);
                })
                .toList();
        return new TestingCluster(ClusterId.random(), NodeId.random(), subnet, specs);
    }

    SwitchSpec onRouter(String router, String chassis) {
        return new SwitchSpec(node, new NodeName("worker-1"), router, List.of(subnet), null, chassis, 1400);
    }

    SwitchSpec onRouter(String router) {
        return onRouter(router, "chassis-1");
    }

    /** Everything, from the router to the last port. */
    void make(SdnBackend backend) {
        backend.topology()
                .ensureSwitch(onRouter(backend.topology().ensureRouter(ROUTER).id()));
        backend.ports().ensure(node, ports);
    }

    void unmake(SdnBackend backend) {
        backend.ports().delete(node, ports.stream().map(PortSpec::id).toList());
        backend.topology().deleteSwitch(node);
        backend.topology().deleteRouter();
    }
}
