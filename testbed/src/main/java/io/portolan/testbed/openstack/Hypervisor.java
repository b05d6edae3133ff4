package io.portolan.testbed.openstack;

import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.Waiting;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A host of the cloud: a chassis that Neutron knows, with a way out of the cloud. Stands in for Nova, too. */
public final class Hypervisor {
    private static final String EXTERNAL_BRIDGE = "br-ex";
    private static final String EXTERNAL_DEVICE = "ext0";
    private static final String MAPPING = OpenStackCloud.PHYSICAL_NETWORK + ":" + EXTERNAL_BRIDGE;
    private static final String GATEWAY_CHASSIS = "enable-chassis-as-gw";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final OpenStackCloud cloud;
    private final Fabric fabric;
    private final NodeHost node;

    private Hypervisor(OpenStackCloud cloud, Fabric fabric, NodeHost node) {
        this.cloud = cloud;
        this.fabric = fabric;
        this.node = node;
    }

    /** Returns when Neutron knows the host. */
    static Hypervisor join(OpenStackCloud cloud, Fabric fabric, Outside outside, String name) {
        NodeHost node = NodeHost.in(cloud.workspace(), fabric, cloud.central(), name)
                .externalId("ovn-bridge-mappings", MAPPING)
                .externalId("ovn-cms-options", GATEWAY_CHASSIS)
                .start();
        outside.cable(node.namespace(), EXTERNAL_DEVICE);
        node.vsctl(
                "add-br",
                EXTERNAL_BRIDGE,
                "--",
                "set",
                "Bridge",
                EXTERNAL_BRIDGE,
                "datapath_type=netdev",
                "fail_mode=standalone",
                "--",
                "add-port",
                EXTERNAL_BRIDGE,
                EXTERNAL_DEVICE);
        Hypervisor hypervisor = new Hypervisor(cloud, fabric, node);
        hypervisor.introduce();
        return hypervisor;
    }

    /** Tells Neutron what OVN wrote where Neutron does not look; to be repeated if the chassis was gone. */
    public void introduce() {
        cloud.central()
                .sbctl(
                        "set",
                        "Chassis",
                        node.chassis(),
                        "external_ids:ovn-bridge-mappings=" + MAPPING,
                        "external_ids:ovn-cms-options=" + GATEWAY_CHASSIS);
        boolean known = Waiting.until(
                PATIENCE,
                () -> cloud.admin()
                        .network()
                        .get("/agents?host=" + node.name())
                        .path("agents")
                        .valueStream()
                        .anyMatch(agent -> agent.at("/configurations/bridge-mappings")
                                .asString()
                                .equals(MAPPING)));
        if (!known) {
            throw new TestbedFailed("Neutron does not learn of %s:%n%s"
                    .formatted(node, cloud.neutron().logTail()));
        }
    }

    public NodeHost node() {
        return node;
    }

    /** Says, as Nova does, that this host has the port; only then Neutron gives it to OVN to be bound. */
    public void bind(String portId, String vm) {
        String type = cloud.admin()
                .network()
                .put(
                        "/ports/" + portId,
                        Map.of(
                                "port",
                                Map.of(
                                        "binding:host_id",
                                        node.name(),
                                        "device_owner",
                                        "compute:nova",
                                        "device_id",
                                        vm)))
                .at("/port/binding:vif_type")
                .asString();
        if (!type.equals("ovs")) {
            throw new TestbedFailed("Neutron binds port %s on %s as %s".formatted(portId, node, type));
        }
    }

    /** Starts a VM with a switch of its own whose vNIC is this port; returns when the port is {@code ACTIVE}. */
    public VmHost plugVm(String name, String portId) {
        bind(portId, name);
        JsonNode port = cloud.admin().network().get("/ports/" + portId).path("port");
        String address = port.at("/fixed_ips/0/ip_address").asString();
        JsonNode subnet = cloud.admin()
                .network()
                .get("/subnets/" + port.at("/fixed_ips/0/subnet_id").asString())
                .path("subnet");
        String cidr = subnet.path("cidr").asString();
        VmHost.Plan plan = VmHost.in(
                cloud.workspace(),
                fabric,
                node,
                name,
                portId,
                port.path("mac_address").asString(),
                address + cidr.substring(cidr.indexOf('/')));
        if (subnet.path("gateway_ip").isString()) {
            plan.gateway(subnet.path("gateway_ip").asString());
        }
        VmHost vm = plan.start();
        cloud.awaitPort(portId, "ACTIVE");
        return vm;
    }

    @Override
    public String toString() {
        return node.name();
    }
}
