package io.portolan.testbed.openstack;

import java.util.Map;

/** A network of the administrator that reaches out of the cloud, and its one subnet. */
public record ExternalNetwork(String id, String subnetId, String cidr, String gateway) {
    static ExternalNetwork make(CloudApi admin, String name, String cidr, String gateway, String first, String last) {
        String id = admin.network()
                .post(
                        "/networks",
                        Map.of(
                                "network",
                                Map.of(
                                        "name",
                                        name,
                                        "router:external",
                                        true,
                                        "provider:network_type",
                                        "flat",
                                        "provider:physical_network",
                                        OpenStackCloud.PHYSICAL_NETWORK)))
                .at("/network/id")
                .asString();
        String subnet = admin.network()
                .post("/subnets", """
                        {"subnet": {"network_id": "%s", "name": "%s", "ip_version": 4, "cidr": "%s", "gateway_ip": "%s",
                                    "enable_dhcp": false, "allocation_pools": [{"start": "%s", "end": "%s"}]}}
                        """.formatted(id, name, cidr, gateway, first, last))
                .at("/subnet/id")
                .asString();
        return new ExternalNetwork(id, subnet, cidr, gateway);
    }
}
