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
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurityContract;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

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
        return NeutronContract.steady(cloud.admin().inventory());
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
