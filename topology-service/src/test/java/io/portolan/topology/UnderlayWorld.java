package io.portolan.topology;

import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.model.NodeId;
import io.portolan.model.PortState;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.sdn.neutron.NeutronDouble;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.topology.cluster.ClusterView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** A topology-service, a cloud with projects, and a directory of secrets as it would be mounted. */
final class UnderlayWorld implements AutoCloseable {
    final TopologyWorld world = new TopologyWorld();
    final NeutronDouble cloud = NeutronDouble.start();
    final Path secrets;

    UnderlayWorld(String... settings) {
        try {
            secrets = Files.createTempDirectory("topology-secrets-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(settings);
    }

    void start(String... settings) {
        List<String> all = new ArrayList<>(List.of(
                "portolan.topology.secrets=" + secrets,
                "portolan.topology.failed-retry=1s",
                "resilience4j.circuitbreaker.configs.sdn-neutron.wait-duration-in-open-state=1s",
                "resilience4j.retry.configs.sdn-neutron.wait-duration=100ms"));
        all.addAll(List.of(settings));
        world.start(all.toArray(String[]::new));
    }

    Http http() {
        return world.http();
    }

    /** A project, whose credential is the secret of its name. */
    Tenant tenant(String name) {
        Tenant tenant = cloud.tenant(name);
        secret(name, tenant.login().cloudsYaml("openstack"));
        return tenant;
    }

    void secret(String name, String cloudsYaml) {
        try {
            Path directory = Files.createDirectories(secrets.resolve(name));
            Path next = Files.writeString(directory.resolve(".next"), cloudsYaml);
            Files.move(next, directory.resolve("clouds.yaml"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Map<String, Object> spec(String secret, String... podCidrs) {
        return spec(cloud.authUrl(), secret, podCidrs);
    }

    static Map<String, Object> spec(URI keystone, String secret, String... podCidrs) {
        return new TreeMap<>(Map.of(
                "mode",
                "underlay",
                "podCidrs",
                List.of(podCidrs),
                "backend",
                Map.of("endpoints", keystone.toString(), "secretRef", secret)));
    }

    /** Declares it and waits. */
    ClusterView ready(Map<String, Object> spec) {
        String name = TopologyWorld.name();
        http().put("/v1/clusters/" + name, spec).assertStatus(201);
        return world.clusterIs(name, "ready");
    }

    ClusterView troubled(Map<String, Object> spec, String problem) {
        String name = TopologyWorld.name();
        http().put("/v1/clusters/" + name, spec).assertStatus(201);
        return await().atMost(TopologyWorld.LONG)
                .until(() -> world.cluster(name), c -> problem.equals(c.stateProblem()));
    }

    /** The port of a VM that runs. */
    String vm(Tenant tenant) {
        String network = made(tenant, "network", Map.of("name", "vms"));
        made(tenant, "subnet", Map.of("network_id", network, "cidr", "192.168.77.0/24", "ip_version", 4));
        String port = made(tenant, "port", Map.of("network_id", network));
        cloud.plug(port, true);
        return port;
    }

    static String made(Tenant tenant, String kind, Map<String, Object> fields) {
        return tenant.api()
                .network()
                .post("/" + kind + "s", Map.of(kind, fields))
                .path(kind)
                .path("id")
                .asString();
    }

    void register(ClusterView cluster, String node, String vm) {
        register(cluster, node, vm, 110);
    }

    void register(ClusterView cluster, String node, String vm, int maxPods) {
        http().put(path(cluster, node), registration(vm, maxPods)).assertStatus(201);
    }

    static Map<String, Object> registration(String vm, int maxPods) {
        return Map.of(
                "cpus",
                maxPods > 110 ? 32 : 2,
                "memoryMiB",
                maxPods > 110 ? 64 << 10 : 4_096,
                "maxPods",
                maxPods,
                "parentPort",
                vm,
                "agent",
                UUID.randomUUID());
    }

    static String path(ClusterView cluster, String node) {
        return "/v1/clusters/" + cluster.name() + "/nodes/" + node;
    }

    NodeView node(ClusterView cluster, String node) {
        return world.node(cluster.name().value(), node);
    }

    NodeView until(ClusterView cluster, String node, Predicate<NodeView> so) {
        return await().atMost(TopologyWorld.LONG).until(() -> node(cluster, node), so);
    }

    NodeView join(ClusterView cluster, String node, String vm) {
        register(cluster, node, vm);
        return filled(cluster, node);
    }

    /** Ready, and each of its ports free. */
    NodeView filled(ClusterView cluster, String node) {
        return until(
                cluster,
                node,
                n -> n.state().equals("ready") && n.ports().free() == n.ports().all() && n.stateProblem() == null);
    }

    List<PortView> ports(NodeId node) {
        return world.ipam()
                .get("/v1/nodes/" + node + "/ports?limit=1024")
                .as(PortPage.class)
                .ports();
    }

    List<PortView> ports(NodeId node, PortState state) {
        return ports(node).stream().filter(p -> p.state() == state).toList();
    }

    /** What the project's network has of this cluster's, by Neutron's own listing. */
    List<JsonNode> marked(Tenant tenant, ClusterView cluster, String collection) {
        return StreamSupport.stream(
                        tenant.api()
                                .network()
                                .get("/" + collection)
                                .path(collection)
                                .spliterator(),
                        false)
                .filter(o ->
                        o.path("description").asString().contains(cluster.id().toString()))
                .toList();
    }

    /** Addresses of pods' ports, in order; one that is there twice is there twice. */
    List<String> addresses(Tenant tenant, ClusterView cluster) {
        return marked(tenant, cluster, "ports").stream()
                .filter(p -> p.path("description").asString().contains(" port="))
                .map(p -> p.path("fixed_ips").path(0).path("ip_address").asString())
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        world.close();
        cloud.close();
        try (Stream<Path> files = Files.walk(secrets)) {
            files.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
