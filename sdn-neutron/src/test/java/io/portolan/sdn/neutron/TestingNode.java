package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SwitchSpec;
import java.util.List;
import java.util.stream.IntStream;

/** One cluster with one node and its ports: what the ledger would say of it. */
record TestingNode(
        ClusterId cluster,
        NodeId node,
        String parent,
        Way way,
        String network,
        SwitchSpec.Subnet subnet,
        List<PortId> ids) {
    static final RouterSpec ROUTER = new RouterSpec(new ClusterName("blue"), List.of(Cidr.parse("10.4.0.0/16")), null);

    static TestingNode of(String cidr, int ports, String parent) {
        Cidr block = Cidr.parse(cidr);
        IpAddress gateway = block.address(1);
        return new TestingNode(
                ClusterId.random(),
                NodeId.random(),
                parent,
                Way.TRUNK,
                null,
                new SwitchSpec.Subnet(SubnetId.random(), block, gateway, MacAddress.derivedFrom(gateway)),
                IntStream.range(0, ports).mapToObj(i -> PortId.random()).toList());
    }

    TestingNode by(Way other) {
        return new TestingNode(cluster, node, parent, other, network, subnet, ids);
    }

    TestingNode under(String other) {
        return new TestingNode(cluster, node, other, way, network, subnet, ids);
    }

    TestingNode on(String existing) {
        return new TestingNode(cluster, node, parent, way, existing, subnet, ids);
    }

    SwitchSpec spec(String router) {
        return new SwitchSpec(node, new NodeName("node-1"), router, List.of(subnet), network, null, 1400);
    }

    List<PortSpec> ports() {
        return IntStream.range(0, ids.size()).mapToObj(this::port).toList();
    }

    PortSpec port(int i) {
        return port(i, 100 + i);
    }

    PortSpec port(int i, int tag) {
        IpAddress ip = subnet.cidr().address(2 + i);
        return new PortSpec(
                ids.get(i),
                subnet.id(),
                MacAddress.derivedFrom(ip),
                List.of(ip),
                new PortSpec.Nesting(parent, new VlanTag(tag), way));
    }

    /** Router, switch and ports. */
    List<SdnPort> make(SdnBackend sdn) {
        makeSwitch(sdn);
        return sdn.ports().ensure(node, ports());
    }

    void makeSwitch(SdnBackend sdn) {
        sdn.topology().ensureSwitch(spec(sdn.topology().ensureRouter(ROUTER).id()));
    }

    void unmake(SdnBackend sdn) {
        sdn.ports().delete(node, ids);
        sdn.topology().deleteSwitch(node);
        sdn.topology().deleteRouter();
    }
}
