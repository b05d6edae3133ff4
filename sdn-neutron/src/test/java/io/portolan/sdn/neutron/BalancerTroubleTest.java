package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Outside;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Octavia's moods, one by one, on the double. */
class BalancerTroubleTest {
    private final NeutronDouble cloud = NeutronDouble.start();
    private final NeutronBackends backends = new NeutronBackends();
    private final ClusterId cluster = ClusterId.random();
    private final Mark mark = new Mark(cluster);
    private Tenant tenant;
    private SdnBackend sdn;

    @BeforeEach
    void declare() {
        tenant = cloud.tenant("troubled");
        Tenant.externalNetwork(cloud.admin(), "public", "198.51.100.0/24", Map.of());
        sdn = backends.backend(cluster, tenant.target(), null);
        sdn.topology().ensureRouter(BalancerContract.router("public", BalancerContract.SERVICES));
    }

    @AfterEach
    void stop() {
        sdn.close();
        backends.close();
        cloud.close();
    }

    private LoadBalancerSpec spec(int number, String... members) {
        List<Member> all = new ArrayList<>();
        for (String member : members) {
            all.add(new Member(IpAddress.parse(member), 8080, null, null));
        }
        Frontend at = new Frontend(BalancerContract.SERVICES.address(number), Transport.TCP, 80, Reach.INSIDE);
        return new LoadBalancerSpec(
                LoadBalancerId.of(cluster, "ns", "s" + number),
                "ns/s" + number,
                List.of(new Listener(at, Spread.ANYWHERE, OnEmpty.REFUSE, null, List.of(), new Pool("tcp-80", all))),
                new Outside(null));
    }

    private Settled once(LoadBalancerSpec spec) {
        return sdn.loadBalancers().ensure(List.of(spec)).get(spec.id());
    }

    private Settled.Done made(LoadBalancerSpec spec) {
        for (int i = 0; i < 30; i++) {
            Settled outcome = once(spec);
            if (outcome instanceof Settled.Done done) {
                return done;
            }
            assertThat(outcome).isInstanceOf(Settled.Pending.class);
        }
        throw new AssertionError("never done");
    }

    private JsonNode list(String collection) {
        return tenant.api().loadBalancing().get("/" + collection).path(collection);
    }

    private List<String> members(LoadBalancerSpec spec) {
        String pool = list("pools")
                .valueStream()
                .filter(each -> list("loadbalancers")
                        .valueStream()
                        .anyMatch(balancer ->
                                balancer.path("description").asString().equals(mark.balancer(spec.id()))
                                        && each.at("/loadbalancers/0/id")
                                                .asString()
                                                .equals(balancer.path("id").asString())))
                .findFirst()
                .orElseThrow()
                .path("id")
                .asString();
        return tenant.api()
                .loadBalancing()
                .get("/pools/%s/members".formatted(pool))
                .path("members")
                .valueStream()
                .map(member -> member.path("address").asString())
                .sorted()
                .toList();
    }

    @Test
    void aMemberThatGoesIsGoneWithTheFirstCall() {
        made(spec(10, "10.4.0.2", "10.4.0.3", "10.4.0.4"));
        made(spec(10, "10.4.0.2", "10.4.0.3", "10.4.0.4"));
        cloud.calls();
        LoadBalancerSpec smaller = spec(10, "10.4.0.2", "10.4.0.4");
        assertThat(made(smaller).ensured()).isEqualTo(Ensured.MENDED);
        assertThat(cloud.calls())
                .as("it writes before it looks")
                .first()
                .asString()
                .startsWith("PUT");
        assertThat(members(smaller)).containsExactly("10.4.0.2", "10.4.0.4");
        cloud.calls();
        assertThat(made(smaller).ensured()).isEqualTo(Ensured.UNCHANGED);
        assertThat(cloud.calls()).as("and what is right is not written").allMatch(call -> call.startsWith("GET"));
    }

    @Test
    void whatSomebodyDeletedMeanwhileIsMadeAgainWhenAMemberGoes() {
        made(spec(10, "10.4.0.2", "10.4.0.3"));
        tenant.api()
                .loadBalancing()
                .delete("/loadbalancers/%s?cascade=true"
                        .formatted(list("loadbalancers").get(0).path("id").asString()));
        LoadBalancerSpec smaller = spec(10, "10.4.0.2");
        made(smaller);
        assertThat(members(smaller)).containsExactly("10.4.0.2");
    }

    @Test
    void ofFiftyTheOneThatIsSickDelaysNone() {
        List<LoadBalancerSpec> fifty =
                IntStream.range(10, 60).mapToObj(i -> spec(i, "10.4.0.2")).toList();
        LoadBalancerSpec sick = fifty.get(7);
        cloud.stall(mark.balancer(sick.id()));
        Map<LoadBalancerId, Settled> first = sdn.loadBalancers().ensure(fifty);
        first.forEach((id, outcome) ->
                assertThat(outcome).isInstanceOf(id.equals(sick.id()) ? Settled.Pending.class : Settled.Done.class));
        long begin = System.nanoTime();
        List<LoadBalancerSpec> changed =
                IntStream.range(10, 60).mapToObj(i -> spec(i, "10.4.0.3")).toList();
        sdn.loadBalancers()
                .ensure(changed)
                .forEach((id, outcome) -> assertThat(outcome)
                        .isInstanceOf(id.equals(sick.id()) ? Settled.Pending.class : Settled.Done.class));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(60));
        cloud.heal(mark.balancer(sick.id()));
        assertThat(made(changed.get(7)).outside()).isNotNull();
        assertThat(sdn.loadBalancers().audit(changed).right()).hasSize(50);
    }

    @Test
    void oneInErrorIsMadeAnewWithItsAddressesButNotWithoutAPause() {
        LoadBalancerSpec spec = spec(20, "10.4.0.2");
        IpAddress outside = made(spec).outside();
        String id = list("loadbalancers").path(0).path("id").asString();
        cloud.octavia().status("loadbalancers", id, "ERROR");
        assertThat(sdn.loadBalancers().audit(List.of(spec)).right()).isEmpty();
        assertThat(made(spec).outside()).isEqualTo(outside);
        JsonNode anew = list("loadbalancers").path(0);
        assertThat(anew.path("id").asString()).isNotEqualTo(id);
        assertThat(anew.path("vip_address").asString()).isEqualTo("10.96.0.20");

        cloud.octavia().sicken(mark.balancer(spec.id()), "ERROR");
        cloud.octavia().status("loadbalancers", anew.path("id").asString(), "ERROR");
        cloud.calls();
        for (int i = 0; i < 4; i++) {
            assertThat(once(spec)).isInstanceOf(Settled.Pending.class);
        }
        assertThat(cloud.calls().stream().filter(call -> call.startsWith("DELETE ")))
                .as("about 8 s, with pauses of 2 and 4 s")
                .hasSizeBetween(1, 4);
    }

    @Test
    void aListenerThatIsLeftPendingIsPushed() {
        LoadBalancerSpec spec = spec(20, "10.4.0.2");
        made(spec);
        cloud.octavia().stick(list("listeners").path(0).path("id").asString());
        assertThat(once(spec)).isInstanceOf(Settled.Pending.class);
        assertThat(made(spec).ensured()).isEqualTo(Ensured.MENDED);
        assertThat(list("listeners").path(0).path("provisioning_status").asString())
                .isEqualTo("ACTIVE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"listeners", "pools", "members"})
    void whatFailedInItIsMadeAnewAndTheRestStays(String what) {
        LoadBalancerSpec spec = spec(20, "10.4.0.2", "10.4.0.3");
        made(spec);
        String balancer = list("loadbalancers").path(0).path("id").asString();
        String part = what.equals("members")
                ? list("pools").path(0).at("/members/0/id").asString()
                : list(what).path(0).path("id").asString();
        cloud.octavia().status(what, part, "ERROR");
        assertThat(made(spec).ensured()).isEqualTo(Ensured.MENDED);
        assertThat(list("loadbalancers").path(0).path("id").asString()).isEqualTo(balancer);
        assertThat(sdn.loadBalancers().audit(List.of(spec)).right()).containsExactly(spec.id());
    }

    @Test
    void anImmutableOneIsWaitedForAndAQuotaIsSaid() {
        LoadBalancerSpec spec = spec(20, "10.4.0.2");
        made(spec);
        cloud.octavia().latency(Duration.ofMillis(400));
        tenant.api()
                .loadBalancing()
                .put(
                        "/listeners/" + list("listeners").path(0).path("id").asString(),
                        Map.of("listener", Map.of("name", "somebody was here")));
        assertThat(made(spec(20, "10.4.0.3")).ensured()).isEqualTo(Ensured.MENDED);
        cloud.octavia().quota(1);
        assertThat(once(spec(21, "10.4.0.2")))
                .isInstanceOfSatisfying(
                        Settled.Failed.class,
                        failed -> assertThat(failed.why())
                                .isInstanceOfSatisfying(
                                        Refused.class,
                                        why -> assertThat(why.reason()).isEqualTo(Reason.QUOTA_EXCEEDED)));
    }

    @Test
    void aCloudWithoutOctaviaSaysSoAndItsClustersComeAndGo() {
        cloud.withoutOctavia();
        Tenant other = cloud.tenant("unbalanced");
        ClusterId green = ClusterId.random();
        try (SdnBackend backend = backends.backend(green, other.target(), null)) {
            backend.topology().ensureRouter(BalancerContract.router("public", BalancerContract.SERVICES));
            LoadBalancerSpec spec = spec(20, "10.4.0.2");
            assertThat(backend.loadBalancers().ensure(List.of(spec)).get(spec.id()))
                    .isInstanceOfSatisfying(
                            Settled.Failed.class,
                            failed -> assertThat(failed.why())
                                    .isInstanceOf(Refused.class)
                                    .hasMessageContaining("load-balancer"));
            backend.topology().deleteRouter();
            assertThat(other.api().inventory(other.id()).all("networks")).isEmpty();
        }
    }

    @Test
    void membersThatChangeAreOneCall() {
        made(spec(20, "10.4.0.2", "10.4.0.3"));
        cloud.calls();
        made(spec(20, "10.4.0.3", "10.4.0.4", "10.4.0.5"));
        assertThat(cloud.calls().stream().filter(call -> !call.startsWith("GET")))
                .singleElement()
                .asString()
                .matches("PUT /v2/lbaas/pools/[^/]+/members");
    }

    /** Loses the n-th write, before or after it is done. */
    private record Death(int number, boolean done, AtomicInteger seen) implements NeutronDouble.Trouble {
        @Override
        public NeutronDouble.Fate of(String call) {
            boolean fine = call.startsWith("GET") || seen.incrementAndGet() != number;
            return fine
                    ? new NeutronDouble.Fate.Fine()
                    : done ? new NeutronDouble.Fate.Unheard() : new NeutronDouble.Fate.Lost();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLifeThatEndsAtAnyWriteIsContinued(boolean done) {
        LoadBalancerSpec small = spec(20, "10.4.0.2");
        LoadBalancerSpec large = twoPorts(small);
        for (int death = 1; death <= 10; death++) {
            cloud.trouble(new Death(death, done, new AtomicInteger()));
            survive(small);
            survive(large);
            survive(small);
            cloud.trouble(call -> new NeutronDouble.Fate.Fine());
            assertThat(sdn.loadBalancers().audit(List.of(small)).right())
                    .as("after a death at write %d", death)
                    .containsExactly(small.id());
            assertThat(list("loadbalancers")).hasSize(1);
            assertThat(list("listeners")).hasSize(1);
            assertThat(list("pools")).hasSize(1);
            cloud.trouble(new Death(1 + death % 2, done, new AtomicInteger()));
            for (int i = 0; i < 3; i++) {
                sdn.loadBalancers().delete(List.of(small.id()));
            }
            cloud.trouble(call -> new NeutronDouble.Fate.Fine());
            SdnLoadBalancers.Audit left = sdn.loadBalancers().audit(List.of());
            assertThat(left.there()).as("after a death of the end, %d", death).isEmpty();
        }
    }

    /** A death shows as a failure; who comes next continues. */
    private void survive(LoadBalancerSpec spec) {
        for (int i = 0; i < 10; i++) {
            Settled outcome = once(spec);
            if (outcome instanceof Settled.Done) {
                return;
            }
            if (outcome instanceof Settled.Failed(var why)) {
                assertThat(why).isInstanceOf(Unavailable.class);
            }
        }
        throw new AssertionError("not done");
    }

    private static LoadBalancerSpec twoPorts(LoadBalancerSpec spec) {
        Listener one = spec.listeners().getFirst();
        Listener other = new Listener(
                new Frontend(one.frontend().address(), Transport.UDP, 53, Reach.INSIDE),
                one.spread(),
                one.onEmpty(),
                null,
                List.of(),
                new Pool("udp-53", one.pool().members()));
        return new LoadBalancerSpec(spec.id(), spec.name(), List.of(one, other), spec.outside());
    }
}
