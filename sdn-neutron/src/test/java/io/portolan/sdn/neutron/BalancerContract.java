package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Outside;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnLoadBalancers.Audit;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.SdnLoadBalancersContract;
import io.portolan.sdn.Transport;
import io.portolan.testbed.openstack.CloudApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What load balancers are in underlay mode: passed by a real Octavia with OVN's provider, and by the double. */
abstract class BalancerContract extends SdnLoadBalancersContract {
    static final Cidr SERVICES = Cidr.parse("10.96.0.0/24");
    private static final Set<String> UNSTEADY = Set.of(
            "revision_number", "updated_at", "created_at", "status", "operating_status", "provisioning_status", "tags");

    protected final NeutronBackends backends = new NeutronBackends();
    private final Map<ClusterId, String> routers = new ConcurrentHashMap<>();
    private Tenant tenant;

    protected abstract Tenant newTenant(String name);

    /** A network that routers of all projects may have their gateways on; answers its name. */
    protected abstract String external();

    protected synchronized Tenant tenant() {
        if (tenant == null) {
            tenant = newTenant("balanced");
        }
        return tenant;
    }

    @AfterAll
    void closeBackends() {
        backends.close();
    }

    static RouterSpec router(String external, Cidr services) {
        return new RouterSpec(new ClusterName("blue"), List.of(Cidr.parse("10.4.0.0/16")), external, services);
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        SdnBackend backend = backends.backend(cluster, tenant().target(), null);
        routers.put(
                cluster,
                backend.topology().ensureRouter(router(external(), SERVICES)).id());
        return backend;
    }

    @Override
    protected Object everything() {
        Map<String, List<JsonNode>> all = new TreeMap<>();
        tenant().api()
                .inventory(tenant().id())
                .collections()
                .forEach((name, objects) -> all.put(name, steady(objects)));
        for (String collection : List.of("loadbalancers", "listeners", "pools")) {
            all.put(collection, steady(list(collection)));
        }
        for (JsonNode pool : list("pools")) {
            String below = "pools/%s/members".formatted(pool.path("id").asString());
            all.put(
                    below,
                    steady(octavia()
                            .get("/" + below)
                            .path("members")
                            .valueStream()
                            .toList()));
        }
        return all;
    }

    private static List<JsonNode> steady(Iterable<JsonNode> objects) {
        List<JsonNode> copies = new ArrayList<>();
        objects.forEach(object -> copies.add(((ObjectNode) object.deepCopy()).remove(UNSTEADY)));
        copies.sort(java.util.Comparator.comparing(JsonNode::toString));
        return copies;
    }

    protected CloudApi.Service octavia() {
        return tenant().api().loadBalancing();
    }

    protected List<JsonNode> list(String collection) {
        return octavia()
                .get("/" + collection + "?project_id=" + tenant().id())
                .path(collection)
                .valueStream()
                .toList();
    }

    /** The one that bears the mark of this balancer. */
    protected JsonNode balancer(LoadBalancerSpec spec, ClusterId cluster) {
        String mark = new Mark(cluster).balancer(spec.id());
        return list("loadbalancers").stream()
                .filter(each -> each.path("description").asString().equals(mark))
                .findFirst()
                .orElseThrow();
    }

    private String only(String collection, JsonNode balancer) {
        return list(collection).stream()
                .filter(each -> each.at("/loadbalancers/0/id").equals(balancer.path("id")))
                .findFirst()
                .orElseThrow()
                .path("id")
                .asString();
    }

    private static LoadBalancerSpec withOutside(LoadBalancerSpec spec, String requested) {
        return new LoadBalancerSpec(
                spec.id(),
                spec.name(),
                spec.listeners(),
                new Outside(requested == null ? null : IpAddress.parse(requested)));
    }

    private List<JsonNode> floatingIps() {
        return tenant().api()
                .network()
                .get("/floatingips?project_id=" + tenant().id())
                .path("floatingips")
                .valueStream()
                .toList();
    }

    @Test
    void whatIsDeletedBehindOurBackIsMadeAnew() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            Listener tcp = listener(address(70), Transport.TCP, 80, "10.4.0.2", "10.4.0.3");
            LoadBalancerSpec spec = spec(cluster, "web", tcp);
            assertThat(ensure(sdn, spec)).isEqualTo(done(Ensured.MADE));
            for (String what : List.of("listener", "member", "pool", "port", "balancer")) {
                delete(what, balancer(spec, cluster));
                assertThat(sdn.loadBalancers().audit(List.of(spec)).right())
                        .as("without its %s", what)
                        .isEmpty();
                assertThat(ensure(sdn, spec)).as(what).isIn(done(Ensured.MENDED), done(Ensured.MADE));
                assertThat(sdn.loadBalancers().audit(List.of(spec)))
                        .as("with its %s again", what)
                        .isEqualTo(new Audit(Set.of(spec.id()), Set.of(spec.id())));
                assertThat(balancer(spec, cluster).path("vip_address").asString())
                        .isEqualTo(address(70));
            }
            deleteAll(sdn, List.of(spec.id()));
            sdn.topology().deleteRouter();
        }
    }

    private void delete(String what, JsonNode balancer) {
        String pool = only("pools", balancer);
        switch (what) {
            case "listener" -> octavia().delete("/listeners/" + only("listeners", balancer));
            case "member" -> {
                String members = "/pools/%s/members".formatted(pool);
                octavia()
                        .delete(members + "/"
                                + octavia().get(members).at("/members/0/id").asString());
            }
            case "pool" -> octavia().delete("/pools/" + pool);
            case "port" ->
                tenant().api()
                        .network()
                        .delete("/ports/" + balancer.path("vip_port_id").asString());
            default ->
                octavia()
                        .delete("/loadbalancers/%s?cascade=true"
                                .formatted(balancer.path("id").asString()));
        }
    }

    @Test
    void aFloatingIpLeadsToItAndStaysWhenItIsMadeAnewAndGoesWithIt() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            LoadBalancerSpec inside = spec(cluster, "web", listener(address(80), Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec open = withOutside(inside, null);
            Settled.Done made = (Settled.Done) ensure(sdn, open);
            assertThat(made.outside()).isNotNull();
            assertThat(sdn.loadBalancers().audit(List.of(open)))
                    .isEqualTo(new Audit(Set.of(open.id()), Set.of(open.id()), Map.of(open.id(), made.outside())));
            assertThat(ensure(sdn, open)).isEqualTo(new Settled.Done(Ensured.UNCHANGED, made.outside(), null));
            octavia()
                    .delete("/loadbalancers/%s?cascade=true"
                            .formatted(balancer(open, cluster).path("id").asString()));
            assertThat(((Settled.Done) ensure(sdn, open)).outside()).isEqualTo(made.outside());

            assertThat(ensure(sdn, inside)).isEqualTo(done(Ensured.MENDED));
            assertThat(floatingIps()).isEmpty();
            Settled.Done again = (Settled.Done) ensure(sdn, open);
            assertThat(again.outside()).isNotNull();
            deleteAll(sdn, List.of(open.id()));
            assertThat(floatingIps()).isEmpty();
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void aFloatingIpOfTheProjectIsLentWhereItIsAskedFor() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            String network = tenant().api()
                    .network()
                    .get("/networks?name=" + external())
                    .at("/networks/0/id")
                    .asString();
            JsonNode theirs = tenant().made("floatingip", Map.of("floating_network_id", network));
            String address = theirs.path("floating_ip_address").asString();
            LoadBalancerSpec inside = spec(cluster, "web", listener(address(81), Transport.TCP, 80, "10.4.0.2"));
            assertThat(((Settled.Done) ensure(sdn, withOutside(inside, address))).outside())
                    .isEqualTo(IpAddress.parse(address));
            LoadBalancerSpec second = spec(cluster, "two", listener(address(82), Transport.TCP, 80, "10.4.0.2"));
            Settled.Done refused = (Settled.Done) ensure(sdn, withOutside(second, address));
            assertThat(refused.outside()).isNull();
            assertThat(refused.closed()).contains(address);
            Settled.Done unknown = (Settled.Done) ensure(sdn, withOutside(second, "192.0.2.77"));
            assertThat(unknown.closed()).contains("192.0.2.77");
            deleteAll(sdn, List.of(inside.id(), second.id()));
            assertThat(floatingIps())
                    .hasSize(1)
                    .allMatch(each -> each.path("port_id").isNull());
            tenant().api().network().delete("/floatingips/" + theirs.path("id").asString());
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void anAddressThatSomebodyHasIsRefusedByName() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            JsonNode network = tenant().api()
                    .network()
                    .get("/networks?project_id=" + tenant().id())
                    .path("networks")
                    .valueStream()
                    .filter(each -> each.path("description").asString().equals(new Mark(cluster).services()))
                    .findFirst()
                    .orElseThrow();
            JsonNode port = tenant().made(
                            "port",
                            Map.of(
                                    "network_id",
                                    network.path("id").asString(),
                                    "fixed_ips",
                                    List.of(Map.of(
                                            "subnet_id",
                                            network.at("/subnets/0").asString(),
                                            "ip_address",
                                            address(90)))));
            LoadBalancerSpec spec = spec(cluster, "web", listener(address(90), Transport.TCP, 80, "10.4.0.2"));
            assertThat(ensure(sdn, spec))
                    .isInstanceOfSatisfying(
                            Settled.Failed.class,
                            failed -> assertThat(failed.why())
                                    .isInstanceOfSatisfying(
                                            Refused.class,
                                            why -> assertThat(why.reason()).isEqualTo(Reason.CONFLICT))
                                    .hasMessageContaining(port.path("id").asString()));
            tenant().api().network().delete("/ports/" + port.path("id").asString());
            assertThat(ensure(sdn, spec)).isEqualTo(done(Ensured.MADE));
            deleteAll(sdn, List.of(spec.id()));
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void aRouterTakesTheBalancersAlongThatAreLeft() {
        ClusterId cluster = ClusterId.random();
        Object before = everything();
        try (SdnBackend sdn = backend(cluster)) {
            LoadBalancerSpec spec =
                    withOutside(spec(cluster, "web", listener(address(95), Transport.UDP, 53, "10.4.0.2")), null);
            ensure(sdn, spec);
            org.awaitility.Awaitility.await()
                    .atMost(java.time.Duration.ofMinutes(1))
                    .ignoreExceptionsInstanceOf(io.portolan.sdn.SdnFailure.Unavailable.class)
                    .untilAsserted(() -> {
                        sdn.topology().deleteRouter();
                        assertThat(everything()).isEqualTo(before);
                    });
        }
    }
}
