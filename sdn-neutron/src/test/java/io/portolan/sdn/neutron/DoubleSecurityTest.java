package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.ProfileId;
import io.portolan.model.VlanTag;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurityContract;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The contract of security profiles on the double. It was passed by a real Neutron 21 too, in two and a half minutes; what
 * {@link UnderlayContract} has of it keeps the double honest in less.
 */
class DoubleSecurityTest extends SdnSecurityContract {
    private final NeutronDouble cloud = NeutronDouble.start();
    private final NeutronBackends backends = new NeutronBackends();
    private final Tenant common = cloud.tenant("common");
    private final Map<SdnBackend, String> parents = new ConcurrentHashMap<>();

    @AfterAll
    void stop() {
        backends.close();
        cloud.close();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        SdnBackend backend = backends.backend(cluster, common.target(), null);
        parents.put(backend, common.vmPort());
        return backend;
    }

    @Override
    protected SdnBackend unreachable(ClusterId cluster) {
        URI nobody = URI.create("http://127.0.0.1:1/v3");
        return backends.backend(cluster, Tenant.target(common.login().by(nobody)), null);
    }

    @Override
    protected Object everything() {
        Map<String, List<JsonNode>> all =
                new TreeMap<>(NeutronContract.steady(cloud.admin().inventory()));
        all.computeIfPresent("security_group_rules", (name, rules) -> said(rules));
        all.computeIfPresent("security_groups", (name, groups) -> {
            groups.forEach(group -> {
                List<JsonNode> rules = new ArrayList<>();
                group.path("security_group_rules").forEach(rules::add);
                ((ObjectNode) group).putArray("security_group_rules").addAll(said(rules));
            });
            return groups;
        });
        return all;
    }

    /** Rules of groups are made anew and not changed: what they say counts. */
    private static List<JsonNode> said(List<JsonNode> rules) {
        return rules.stream()
                .map(rule -> (JsonNode) ((ObjectNode) rule.deepCopy())
                        .remove(List.of("id", "revision_number", "updated_at", "created_at")))
                .sorted(Comparator.comparing(JsonNode::toString))
                .toList();
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
    protected String foreignGroup() {
        return common.group("theirs");
    }

    @Test
    void aGroupOfAnotherProjectIsNotAdopted() {
        String foreign = cloud.tenant("other").group("foreign");
        try (SdnBackend sdn = backend(ClusterId.random())) {
            for (String group : List.of(foreign, "default", "../ports", "")) {
                assertThatThrownBy(() -> sdn.security().adopt(group))
                        .asInstanceOf(type(Refused.class))
                        .returns(Reason.NOT_FOUND, Refused::reason);
            }
        }
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

    @Test
    void aPodHearsItselfThroughItsOwnServiceWhereverServicesAre() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            ProfileId id = id();
            String group = ensure(sdn, profile(id));
            assertThat(sources(group)).isEmpty();
            sdn.topology()
                    .ensureRouter(new RouterSpec(
                            new ClusterName("blue"),
                            List.of(Cidr.parse("10.4.0.0/16")),
                            null,
                            Cidr.parse("10.96.0.0/16")));
            ensure(sdn, profile(id));
            assertThat(sources(group))
                    .singleElement()
                    .satisfies(cidr -> assertThat(Cidr.parse(cidr).contains(IpAddress.parse("10.96.3.4")))
                            .isTrue());
            Object before = everything();
            ensure(sdn, profile(id));
            assertThat(everything()).isEqualTo(before);
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void aQuotaKeepsASetNarrowerAndNoOtherFromBeingNarrowed() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 2);
            sdn.security().close(List.of(place.node()));
            String any = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 0, anyone())));
            ProfileId one = id();
            ProfileId two = id();
            String first = ensure(sdn, policy(one, 80, "10.4.7.2/32"));
            String second = ensure(sdn, policy(two, 81, "10.4.7.2/32"));
            place.bind(0, any, first);
            place.bind(1, any, second);
            cloud.quota(common.id(), "security_group_rule", rules());
            try {
                assertRefused(Reason.QUOTA_EXCEEDED, () -> ensure(sdn, policy(one, 80, "10.4.7.2/32", "10.4.7.3/32")));
                ensure(sdn, policy(two, 81));
                assertThat(passes(place, 0)).containsExactly("10.4.7.2/32");
                assertThat(passes(place, 1)).isEmpty();
                cloud.quota(common.id(), "security_group_rule", rules() + 1);
                PolicySpec wider = policy(one, 80, "10.4.7.2/32", "10.4.7.3/32");
                assertThat(ensure(sdn, wider))
                        .as("its own rule fits, its set's does not")
                        .isEqualTo(first);
                assertThat(sdn.security().leftOut(List.of(wider)).get(one).toString())
                        .contains("Quota");
                assertRefused(Reason.QUOTA_EXCEEDED, () -> place.bind(1, any, first, second));
            } finally {
                cloud.quota(common.id(), "security_group_rule", -1);
            }
            PolicySpec wider = policy(one, 80, "10.4.7.2/32", "10.4.7.3/32");
            ensure(sdn, wider);
            assertThat(passes(place, 0)).containsExactly("10.4.7.2/32", "10.4.7.3/32");
            assertThat(sdn.security().leftOut(List.of(wider))).isEmpty();
            place.bind(0);
            place.bind(1);
            place.leave();
        }
    }

    @Test
    void theGroupOfASetGoesWhenNoPortIsInItAndIsMadeAgain() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 1);
            sdn.security().close(List.of(place.node()));
            String any = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 0, anyone())));
            String only = ensure(sdn, policy(id(), 80, "10.4.7.2/32"));
            Object before = everything();
            place.bind(0, any, only);
            Narrowing narrowing = ((NeutronSecurity) sdn.security()).narrowing();
            narrowing.tidy();
            assertThat(passes(place, 0)).containsExactly("10.4.7.2/32");
            place.bind(0);
            narrowing.tidy();
            assertThat(everything()).isEqualTo(before);
            place.bind(0, any, only);
            assertThat(passes(place, 0)).containsExactly("10.4.7.2/32");
            place.bind(0);
            place.leave();
        }
    }

    /** How many the project has. */
    private int rules() {
        return common.api()
                .network()
                .get("/security-group-rules")
                .at("/security_group_rules")
                .size();
    }

    /** Whom the groups of a port let in. */
    private List<String> passes(Place place, int port) {
        return common.api()
                .network()
                .get("/ports/" + place.ports().get(port).backendId())
                .at("/port/security_groups")
                .valueStream()
                .flatMap(group -> sources(group.asString()).stream())
                .sorted()
                .toList();
    }

    private List<String> sources(String group) {
        return common.api()
                .network()
                .get("/security-groups/" + group)
                .at("/security_group/security_group_rules")
                .valueStream()
                .map(rule -> rule.path("remote_ip_prefix").asString())
                .toList();
    }
}
