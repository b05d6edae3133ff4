package io.portolan.sdn;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnLoadBalancers.Audit;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What load balancers do on every network that has them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class SdnLoadBalancersContract {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    protected abstract SdnBackend backend(ClusterId cluster);

    /** All that the network has, of whomever, in any form that equals itself while nothing changes. */
    protected abstract Object everything();

    /** An address that a listener may have there. */
    protected String address(int number) {
        return "10.96.0." + number;
    }

    protected static LoadBalancerSpec spec(ClusterId cluster, String name, Listener... listeners) {
        return new LoadBalancerSpec(LoadBalancerId.of(cluster, "ns", name), "ns/" + name, List.of(listeners));
    }

    protected static Listener listener(String address, Transport transport, int port, String... members) {
        List<Member> all = new ArrayList<>();
        for (String member : members) {
            all.add(new Member(IpAddress.parse(member), 8080, null, null));
        }
        return new Listener(
                new Frontend(IpAddress.parse(address), transport, port, Reach.INSIDE),
                Spread.ANYWHERE,
                OnEmpty.REFUSE,
                null,
                List.of(),
                new Pool(transport + "-" + port, all));
    }

    /** How many are made at once where there should be many. */
    protected int many() {
        return 20;
    }

    protected static Settled ensure(SdnBackend sdn, LoadBalancerSpec spec) {
        return ensureAll(sdn, List.of(spec)).get(spec.id());
    }

    /** As often as it takes: a network may not be done at once. */
    protected static Map<LoadBalancerId, Settled> ensureAll(SdnBackend sdn, Collection<LoadBalancerSpec> specs) {
        return settled(specs, LoadBalancerSpec::id, sdn.loadBalancers()::ensure);
    }

    protected static Map<LoadBalancerId, Settled> deleteAll(SdnBackend sdn, Collection<LoadBalancerId> ids) {
        return settled(ids, Function.identity(), sdn.loadBalancers()::delete);
    }

    private static <T> Map<LoadBalancerId, Settled> settled(
            Collection<T> all,
            Function<T, LoadBalancerId> id,
            Function<Collection<T>, Map<LoadBalancerId, Settled>> work) {
        Map<LoadBalancerId, Settled> settled = new HashMap<>();
        List<T> left = new ArrayList<>(all);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!left.isEmpty()) {
            settled.putAll(work.apply(left));
            left.removeIf(each -> !(settled.get(id.apply(each)) instanceof Settled.Pending));
            if (System.nanoTime() > end) {
                throw new AssertionError("not done after %s: %s".formatted(PATIENCE, settled));
            }
        }
        return settled;
    }

    protected static Settled done(Ensured ensured) {
        return new Settled.Done(ensured);
    }

    @Test
    void aBalancerIsMadeMendedAndDeleted() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            Listener tcp = listener(address(10), Transport.TCP, 80, "10.4.0.2", "10.4.0.3");
            Listener udp = listener(address(10), Transport.UDP, 53, "10.4.0.2");
            LoadBalancerSpec small = spec(cluster, "web", tcp);
            LoadBalancerSpec large = spec(cluster, "web", tcp, udp);
            assertThat(ensure(sdn, small)).isEqualTo(done(Ensured.MADE));
            Object before = everything();
            assertThat(ensure(sdn, small)).isEqualTo(done(Ensured.UNCHANGED));
            assertThat(everything()).isEqualTo(before);
            assertThat(ensure(sdn, large)).isEqualTo(done(Ensured.MENDED));
            assertThat(ensure(sdn, large)).isEqualTo(done(Ensured.UNCHANGED));
            assertThat(ensure(sdn, small)).isEqualTo(done(Ensured.MENDED));
            assertThat(everything()).as("what was added is gone").isEqualTo(before);
            LoadBalancerSpec empty = spec(cluster, "web", listener(address(10), Transport.TCP, 80));
            assertThat(ensure(sdn, empty)).isEqualTo(done(Ensured.MENDED));
            assertThat(ensure(sdn, empty)).isEqualTo(done(Ensured.UNCHANGED));
            assertThat(deleteAll(sdn, List.of(small.id())).values()).containsExactly(done(Ensured.MENDED));
            assertThat(deleteAll(sdn, List.of(small.id())).values()).containsExactly(done(Ensured.UNCHANGED));
            assertThat(sdn.loadBalancers().audit(List.of()).there()).isEmpty();
        }
    }

    @Test
    void manyAreWrittenTogetherAndEachHasItsOwnOutcome() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            List<LoadBalancerSpec> all = IntStream.range(0, many())
                    .mapToObj(i -> spec(
                            cluster, "many-" + i, listener(address(20 + i), Transport.TCP, 80, "10.4.0." + (2 + i))))
                    .toList();
            assertThat(ensureAll(sdn, all.subList(0, many() / 2)).values()).containsOnly(done(Ensured.MADE));
            var outcomes = ensureAll(sdn, all);
            for (int i = 0; i < many(); i++) {
                assertThat(outcomes.get(all.get(i).id()))
                        .isEqualTo(done(i < many() / 2 ? Ensured.UNCHANGED : Ensured.MADE));
            }
            deleteAll(sdn, all.stream().map(LoadBalancerSpec::id).toList());
            assertThat(sdn.loadBalancers().audit(all)).isEqualTo(new Audit(Set.of(), Set.of()));
        }
    }

    @Test
    void anAuditTellsWhatIsRightAndWhatIsThere() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            LoadBalancerSpec right = spec(cluster, "right", listener(address(50), Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec was = spec(cluster, "other", listener(address(51), Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec wanted = spec(cluster, "other", listener(address(51), Transport.TCP, 80, "10.4.0.3"));
            LoadBalancerSpec missing = spec(cluster, "missing", listener(address(52), Transport.TCP, 80));
            LoadBalancerSpec orphan = spec(cluster, "orphan", listener(address(53), Transport.SCTP, 80));
            ensureAll(sdn, List.of(right, was, orphan));
            Object before = everything();
            assertThat(sdn.loadBalancers().audit(List.of(right, wanted, missing)))
                    .isEqualTo(new Audit(Set.of(right.id()), Set.of(right.id(), was.id(), orphan.id())));
            assertThat(everything()).isEqualTo(before);
            deleteAll(sdn, List.of(right.id(), was.id(), orphan.id()));
        }
    }

    @Test
    void aListenerAdmitsSomeThenOthersThenEverybody() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            LoadBalancerSpec open = spec(cluster, "limited", from());
            LoadBalancerSpec some = spec(cluster, "limited", from("198.51.100.0/24", "203.0.113.7/32"));
            LoadBalancerSpec others = spec(cluster, "limited", from("198.51.101.0/24"));
            if (!sdn.loadBalancers().abilities().sources()) {
                assertThat(ensure(sdn, some))
                        .isInstanceOfSatisfying(
                                Settled.Failed.class,
                                no -> assertThat(no.why())
                                        .isInstanceOfSatisfying(
                                                SdnFailure.Refused.class,
                                                refused -> assertThat(refused.reason())
                                                        .isEqualTo(SdnFailure.Refused.Reason.NOT_SUPPORTED)));
                assertThat(sdn.loadBalancers().audit(List.of()).there()).isEmpty();
                return;
            }
            ensure(sdn, some);
            ensure(sdn, open);
            Object before = everything();
            assertThat(ensure(sdn, some)).isEqualTo(done(Ensured.MENDED));
            assertThat(sdn.loadBalancers().audit(List.of(open)).right()).isEmpty();
            assertThat(sdn.loadBalancers().audit(List.of(some)))
                    .isEqualTo(new Audit(Set.of(some.id()), Set.of(some.id())));
            assertThat(ensure(sdn, some)).isEqualTo(done(Ensured.UNCHANGED));
            assertThat(ensure(sdn, others)).isEqualTo(done(Ensured.MENDED));
            assertThat(ensure(sdn, open)).isEqualTo(done(Ensured.MENDED));
            assertThat(everything()).as("no limit is left").isEqualTo(before);
            ensure(sdn, some);
            deleteAll(sdn, List.of(some.id()));
            assertThat(sdn.loadBalancers().audit(List.of())).isEqualTo(new Audit(Set.of(), Set.of()));
        }
    }

    private Listener from(String... sources) {
        Listener any = listener(address(70), Transport.TCP, 80, "10.4.0.2");
        return new Listener(
                new Frontend(any.frontend().address(), Transport.TCP, 80, Reach.OUTSIDE),
                any.spread(),
                any.onEmpty(),
                null,
                Stream.of(sources).map(Cidr::parse).toList(),
                any.pool());
    }

    @Test
    void clustersWithTheSameAddressesDoNotMeet() {
        ClusterId one = ClusterId.random();
        ClusterId two = ClusterId.random();
        try (SdnBackend blue = backend(one);
                SdnBackend green = backend(two)) {
            LoadBalancerSpec ours = spec(one, "web", listener(address(60), Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec theirs = spec(two, "web", listener(address(60), Transport.TCP, 80, "10.4.0.2"));
            ensure(blue, ours);
            assertThat(green.loadBalancers().audit(List.of()).there()).isEmpty();
            assertThat(ensure(green, theirs)).isEqualTo(done(Ensured.MADE));
            deleteAll(green, List.of(theirs.id(), ours.id()));
            assertThat(blue.loadBalancers().audit(List.of(ours)))
                    .isEqualTo(new Audit(Set.of(ours.id()), Set.of(ours.id())));
            deleteAll(blue, List.of(ours.id()));
        }
    }
}
