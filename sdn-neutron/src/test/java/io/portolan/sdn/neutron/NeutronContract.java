package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.VlanTag;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBackendContract;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurityContract;
import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.NetworkInventory;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The contract and what underlay mode adds to it: passed by a real Neutron and by the double, which makes it honest. */
abstract class NeutronContract extends SdnBackendContract {
    private static final Set<String> UNSTEADY = Set.of("revision_number", "updated_at", "created_at");
    /** A router's interface becomes ACTIVE some time later. */
    private static final Set<String> PORTS_UNSTEADY = Set.of("revision_number", "updated_at", "created_at", "status");

    protected final NeutronBackends backends = new NeutronBackends();
    private final Map<SdnBackend, String> parents = new ConcurrentHashMap<>();
    private Tenant tenant;

    /** A new project. */
    protected abstract Tenant tenant(String name);

    /** All that there is, of all projects. */
    protected abstract NetworkInventory inventory();

    private synchronized Tenant common() {
        if (tenant == null) {
            tenant = tenant("common");
        }
        return tenant;
    }

    @AfterAll
    void closeBackends() {
        backends.close();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        SdnBackend backend = backends.backend(cluster, common().target(), null);
        parents.put(backend, common().vmPort());
        return backend;
    }

    @Override
    protected String foreignRouter(Cidr behind) {
        String router = common().router("foreign");
        common().attach(router, common().subnet(common().network("behind"), behind.toString()));
        return router;
    }

    @Override
    protected String chassis() {
        return null;
    }

    @Override
    protected PortSpec.Nesting nesting(SdnBackend sdn, int tag) {
        return new PortSpec.Nesting(parents.get(sdn), new VlanTag(tag), PortSpec.Nesting.Way.TRUNK);
    }

    @Override
    protected Object everything() {
        return steady(inventory());
    }

    /** Without what a write of the same thing, or a write that was undone, changes. */
    static Map<String, List<JsonNode>> steady(NetworkInventory inventory) {
        Map<String, List<JsonNode>> steady = new TreeMap<>();
        inventory.collections().forEach((name, objects) -> {
            List<JsonNode> copies = new ArrayList<>();
            Set<String> gone = name.equals("ports") ? PORTS_UNSTEADY : UNSTEADY;
            objects.forEach(object -> copies.add(((ObjectNode) object.deepCopy()).remove(gone)));
            steady.put(name, copies);
        });
        assertThat(steady).isNotEmpty();
        return steady;
    }

    /** Security profiles there, on the same cloud. */
    @Nested
    class Security extends SdnSecurityContract {
        @Override
        protected SdnBackend backend(ClusterId cluster) {
            return NeutronContract.this.backend(cluster);
        }

        @Override
        protected SdnBackend unreachable(ClusterId cluster) {
            return backends.backend(
                    cluster, Tenant.target(common().login().by(URI.create("http://127.0.0.1:1/v3"))), null);
        }

        @Override
        protected Object everything() {
            return NeutronContract.this.everything();
        }

        @Override
        protected String chassis() {
            return null;
        }

        @Override
        protected PortSpec.Nesting nesting(SdnBackend sdn, int tag) {
            return NeutronContract.this.nesting(sdn, tag);
        }

        @Override
        protected String foreignGroup() {
            return group(common());
        }

        private static String group(Tenant tenant) {
            return tenant.api()
                    .network()
                    .post("/security-groups", Map.of("security_group", Map.of("name", "theirs")))
                    .at("/security_group/id")
                    .asString();
        }

        @Test
        void aGroupOfAnotherProjectIsNotAdopted() {
            String foreign = group(tenant("other"));
            try (SdnBackend sdn = backend(ClusterId.random())) {
                assertThatThrownBy(() -> sdn.security().adopt(foreign))
                        .asInstanceOf(type(Refused.class))
                        .returns(Reason.NOT_FOUND, Refused::reason);
            }
        }

        @Test
        void whatSomebodyAddsToAGroupOrTakesFromItIsMended() {
            try (SdnBackend sdn = backend(ClusterId.random())) {
                ProfileSpec spec = profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80, anyone()));
                String group = ensure(sdn, spec);
                List<String> rules = said(group);
                assertThat(rules)
                        .as("and nothing of what Neutron gives a new group")
                        .containsExactlyInAnyOrder("ingress IPv4 tcp 80", "ingress IPv6 tcp 80");
                CloudApi.Service neutron = common().api().network();
                neutron.post(
                        "/security-group-rules",
                        Map.of(
                                "security_group_rule",
                                Map.of("security_group_id", group, "direction", "egress", "ethertype", "IPv4")));
                String gone = neutron.get("/security-groups/" + group)
                        .at("/security_group/security_group_rules")
                        .valueStream()
                        .filter(rule -> rule.path("direction").asString().equals("ingress"))
                        .findFirst()
                        .orElseThrow()
                        .path("id")
                        .asString();
                neutron.delete("/security-group-rules/" + gone);
                assertThat(said(group)).isNotEqualTo(rules);
                ensure(sdn, spec);
                assertThat(said(group)).containsExactlyInAnyOrderElementsOf(rules);
                sdn.security().deleteProfile(spec.id());
            }
        }

        private List<String> said(String group) {
            return common().api()
                    .network()
                    .get("/security-groups/" + group)
                    .at("/security_group/security_group_rules")
                    .valueStream()
                    .map(rule -> "%s %s %s %s"
                            .formatted(
                                    rule.path("direction").asString(),
                                    rule.path("ethertype").asString(),
                                    rule.path("protocol").asString(""),
                                    rule.path("port_range_max").asString("")))
                    .toList();
        }

        @Test
        void portsThatAreMadeWhileTheClusterIsClosedAreInNoGroupFromTheStart() {
            try (SdnBackend sdn = backend(ClusterId.random())) {
                sdn.security().close(List.of());
                Place place = place(sdn, 2);
                assertThat(sdn.security().bindings(place.node()).values()).containsExactly(Set.of(), Set.of());
                sdn.security().open();
                assertThat(sdn.security().bindings(place.node()).values())
                        .allMatch(groups -> groups.size() == 1)
                        .hasSize(2);
                place.leave();
            }
        }
    }
}
