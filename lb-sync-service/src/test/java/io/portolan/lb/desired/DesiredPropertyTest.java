package io.portolan.lb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.lb.desired.Refusal.Reason;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnLoadBalancers.Abilities;
import io.portolan.sdn.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Thousands of generated Services, and for each every packet: what we want of the network is what Kubernetes means. */
class DesiredPropertyTest {
    static final Map<String, NodeId> NODES = Map.of("node-1", NodeId.random(), "node-2", NodeId.random());
    static final Abilities ALL =
            new Abilities(EnumSet.allOf(Transport.class), Duration.ofSeconds(65_535), true, true, true, true);
    private static final Set<IpAddress> GRANTED = Set.of(IpAddress.parse(TestingServices.granted(0)));
    private static final ReferenceProxy REFERENCE = new ReferenceProxy(
            Map.of("ns/web", Set.of(TestingServices.granted(0))),
            Set.of("192.168.0.1", "192.168.0.2"),
            Set.of("203.0.113.1"),
            false);

    static ClusterFacts facts(Abilities abilities) {
        return new ClusterFacts(
                List.of(Cidr.parse("10.4.0.0/16")),
                Map.of(
                        "node-1",
                        new ClusterFacts.Node(NODES.get("node-1"), List.of(IpAddress.parse("192.168.0.1"))),
                        "node-2",
                        new ClusterFacts.Node(NODES.get("node-2"), List.of(IpAddress.parse("192.168.0.2"))),
                        "node-9",
                        new ClusterFacts.Node(null, List.of())),
                List.of(IpAddress.parse("203.0.113.1")),
                false,
                "portolan.io/gateway",
                true,
                abilities);
    }

    static Verdict promised(List<Listener> listeners, Packet packet) {
        return Promised.verdict(listeners, packet, NODES);
    }

    @Test
    void everyPacketGoesWhereKubernetesMeansItTo() {
        Map<Class<?>, Integer> seen = new HashMap<>();
        for (long seed = 0; seed < 6_000; seed++) {
            TestingServices generator = new TestingServices(seed);
            Service service = generator.service("web", 0);
            List<EndpointSlice> slices = generator.slices("web");
            Desired desired = Desired.of(service, slices, GRANTED, facts(ALL));
            for (Packet packet : TestingServices.packets(1)) {
                Verdict wanted = REFERENCE.verdict(service, slices, packet);
                Verdict got = promised(desired.listeners(), packet);
                seen.merge(wanted.getClass(), 1, Integer::sum);
                if (!got.equals(wanted)) {
                    assertThat(desired.refusals())
                            .as("seed %d, %s: %s instead of %s without a refusal", seed, packet, got, wanted)
                            .extracting(Refusal::reason)
                            .contains(Reason.SourceRangesNotSupported);
                    assertThat(got)
                            .as("seed %d: what is refused is closed", seed)
                            .isEqualTo(new Verdict.Lost());
                }
            }
        }
    }

    @Test
    void whatTheNetworkCannotDoIsRefusedAndNeverServedMoreWidely() {
        Abilities few = new Abilities(Set.of(Transport.TCP, Transport.UDP), null, false, false, false, true);
        for (long seed = 0; seed < 3_000; seed++) {
            TestingServices generator = new TestingServices(seed);
            Service service = generator.service("web", 0);
            List<EndpointSlice> slices = generator.slices("web");
            Desired desired = Desired.of(service, slices, GRANTED, facts(few));
            assertThat(desired.listeners()).allSatisfy(listener -> {
                assertThat(listener.affinity()).isNull();
                assertThat(listener.sources()).isEmpty();
                assertThat(listener.spread()).isEqualTo(Spread.ANYWHERE);
                assertThat(listener.frontend().transport()).isNotEqualTo(Transport.SCTP);
            });
            for (Packet packet : TestingServices.packets(1)) {
                Verdict wanted = REFERENCE.verdict(service, slices, packet);
                Verdict got = promised(desired.listeners(), packet);
                if (!got.equals(wanted)) {
                    assertThat(desired.refusals())
                            .as("seed %d, %s", seed, packet)
                            .isNotEmpty();
                    assertThat(got)
                            .as("seed %d, %s: instead of %s", seed, packet, wanted)
                            .isNotInstanceOf(Verdict.Balanced.class);
                }
            }
            if ("ClientIP".equals(service.getSpec().getSessionAffinity()) && desired.balanced()) {
                assertThat(desired.refusals()).extracting(Refusal::reason).contains(Reason.SessionAffinityNotSupported);
            }
        }
    }

    @Test
    void theOrderOfSlicesAndEndpointsDoesNotMatter() {
        for (long seed = 0; seed < 2_000; seed++) {
            TestingServices generator = new TestingServices(seed);
            Service service = generator.service("web", 0);
            List<EndpointSlice> slices = generator.slices("web");
            List<EndpointSlice> shuffled = new ArrayList<>(slices);
            Collections.shuffle(shuffled, generator.random());
            shuffled.replaceAll(slice -> {
                var endpoints = new ArrayList<>(slice.getEndpoints());
                Collections.shuffle(endpoints, generator.random());
                return slice.edit().withEndpoints(endpoints).build();
            });
            assertThat(Desired.of(service, shuffled, GRANTED, facts(ALL)))
                    .as("seed %d", seed)
                    .isEqualTo(Desired.of(service, slices, GRANTED, facts(ALL)));
        }
    }
}
