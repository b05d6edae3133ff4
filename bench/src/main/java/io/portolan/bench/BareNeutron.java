package io.portolan.bench;

import io.portolan.e2e.stack.CloudTenant;
import io.portolan.testbed.openstack.CloudApi;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** A node's network, trunk and ports by bulk calls to Neutron, until Neutron says that all ports are up. */
final class BareNeutron implements FillingStack.BareClient {
    /** As many in a call as topology-service puts in one. */
    private static final int BULK = 32;

    private final CloudTenant tenant;
    private final CloudApi.Service neutron;

    BareNeutron(CloudTenant tenant) {
        this.tenant = tenant;
        neutron = tenant.owner().network();
    }

    private String made(String kind, Map<String, Object> body) {
        return neutron.post("/" + kind + "s", Map.of(kind, body))
                .path(kind)
                .path("id")
                .asString();
    }

    @Override
    public double fill(int round, int ports) {
        String parent = tenant.plug("bare-%d-%d".formatted(ports, round)).vif();
        long begin = System.nanoTime();
        String network = made("network", Map.of("name", "bare"));
        String subnet = made(
                "subnet", Map.of("network_id", network, "ip_version", 4, "cidr", "10.99.%d.0/24".formatted(round)));
        neutron.put("/routers/%s/add_router_interface".formatted(tenant.router()), Map.of("subnet_id", subnet));
        String trunk = made("trunk", Map.of("port_id", parent, "sub_ports", List.of()));
        List<String> all = new ArrayList<>();
        for (int from = 0; from < ports; from += BULK) {
            List<String> bulk = bulk(network, subnet, round, from, Math.min(ports, from + BULK));
            List<Object> subPorts = new ArrayList<>();
            for (String port : bulk) {
                all.add(port);
                subPorts.add(Map.of("port_id", port, "segmentation_type", "vlan", "segmentation_id", 100 + all.size()));
            }
            neutron.put("/trunks/%s/add_subports".formatted(trunk), Map.of("sub_ports", subPorts));
        }
        Awaitility.await()
                .atMost(Duration.ofMinutes(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(100))
                .until(() ->
                        neutron.get("/ports?fields=id&status=ACTIVE&device_owner=trunk:subport&network_id=" + network)
                                        .path("ports")
                                        .size()
                                == ports);
        double took = (System.nanoTime() - begin) / 1e9;
        neutron.delete("/trunks/" + trunk);
        all.forEach(port -> neutron.delete("/ports/" + port));
        neutron.put("/routers/%s/remove_router_interface".formatted(tenant.router()), Map.of("subnet_id", subnet));
        neutron.delete("/networks/" + network);
        return took;
    }

    private List<String> bulk(String network, String subnet, int round, int from, int to) {
        List<Object> ports = new ArrayList<>();
        for (int i = from; i < to; i++) {
            ports.add(Map.of(
                    "network_id",
                    network,
                    "mac_address",
                    "0a:58:0a:63:%02x:%02x".formatted(round, i + 2),
                    "fixed_ips",
                    List.of(Map.of("subnet_id", subnet, "ip_address", "10.99.%d.%d".formatted(round, i + 2)))));
        }
        return neutron.post("/ports", Map.of("ports", ports))
                .path("ports")
                .valueStream()
                .map((JsonNode port) -> port.path("id").asString())
                .toList();
    }

    @Override
    public void close() {}
}
