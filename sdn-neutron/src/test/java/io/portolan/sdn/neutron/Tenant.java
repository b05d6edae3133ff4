package io.portolan.sdn.neutron;

import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.CloudLogin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A project of a cloud, real or not: what is ours to use there, and a bare client to look behind our own back. */
public record Tenant(String id, CloudLogin login, CloudApi api) {
    /** Its secret, as it would be mounted. */
    NeutronTarget target() {
        return target(login);
    }

    static NeutronTarget target(CloudLogin login) {
        try {
            Path secret = Files.createTempDirectory("pn-secret-");
            secret.toFile().deleteOnExit();
            Path file = secret.resolve("clouds.yaml");
            Files.writeString(file, login.cloudsYaml("openstack"));
            file.toFile().deleteOnExit();
            return new NeutronTarget(login.authUrl().toString(), secret);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode made(String kind, Map<String, Object> fields) {
        return api.network().post("/" + kind + "s", Map.of(kind, fields)).path(kind);
    }

    /** Answers the id. */
    String network(String name) {
        return made("network", Map.of("name", name)).path("id").asString();
    }

    String subnet(String network, String cidr) {
        return made("subnet", Map.of("network_id", network, "cidr", cidr, "ip_version", 4))
                .path("id")
                .asString();
    }

    /** A port as a VM would have it, on a network of its own. */
    String vmPort() {
        String network = network("vms");
        subnet(network, "192.168.77.0/24");
        return made("port", Map.of("network_id", network)).path("id").asString();
    }

    /** A security group of theirs. */
    String group(String name) {
        return api.network()
                .post("/security-groups", Map.of("security_group", Map.of("name", name)))
                .at("/security_group/id")
                .asString();
    }

    String router(String name) {
        return made("router", Map.of("name", name)).path("id").asString();
    }

    /** A network of the administrator, whose one subnet gives all its addresses but the first to routers. */
    static String externalNetwork(CloudApi admin, String name, String cidr, Map<String, Object> provider) {
        Map<String, Object> fields = new HashMap<>(provider);
        fields.put("name", name);
        fields.put("router:external", true);
        String id = admin.network()
                .post("/networks", Map.of("network", fields))
                .at("/network/id")
                .asString();
        admin.network()
                .post(
                        "/subnets",
                        Map.of(
                                "subnet",
                                Map.of("network_id", id, "cidr", cidr, "ip_version", 4, "enable_dhcp", false)));
        return id;
    }

    void attach(String router, String subnet) {
        api.network().put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
    }
}
