package io.portolan.security.policy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.security.policy.Compilation.Compiled;
import io.portolan.security.policy.ReferencePolicies.End;
import io.portolan.security.policy.ReferencePolicies.Packet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Thousands of generated clusters, and in each every packet between any two: what we want of the network is what Kubernetes means. */
class CompilationPropertyTest {
    private static final ClusterId CLUSTER = ClusterId.random();
    private static final List<End> OUTSIDE =
            List.of(new End("192.0.2.7", Optional.empty()), new End("10.4.0.15", Optional.empty()));

    private static List<Compiled> compiled(List<NetworkPolicy> policies, Facts facts) {
        return policies.stream()
                .map(policy -> Compilation.of(
                        policy, Policies.id(CLUSTER, policy.getMetadata().getUid()), facts))
                .toList();
    }

    /** What the network promises of a port that is in these policies, and in a profile that allows everything. */
    private static boolean promised(List<Compiled> all, NetworkPolicyOf of, Packet packet) {
        return promised(all, of, packet, Direction.INGRESS, packet.to(), packet.from())
                && promised(all, of, packet, Direction.EGRESS, packet.from(), packet.to());
    }

    /** In which policies a node puts a pod. */
    private interface NetworkPolicyOf {
        boolean selects(Compiled policy, PodFacts pod);
    }

    private static boolean promised(
            List<Compiled> all, NetworkPolicyOf of, Packet packet, Direction direction, End subject, End peer) {
        List<PolicySpec> narrowing = all.stream()
                .filter(each -> subject.pod().isPresent()
                        && of.selects(each, subject.pod().get()))
                .map(Compiled::spec)
                .filter(spec -> spec.isolates().contains(direction))
                .toList();
        return narrowing.isEmpty()
                || narrowing.stream()
                        .anyMatch(spec -> spec.rules().stream()
                                .anyMatch(rule -> rule.direction() == direction
                                        && isOf(rule, packet)
                                        && isIn(spec, rule.peers(), peer)
                                        && isIn(spec, rule.own(), subject)));
    }

    private static boolean isOf(PolicySpec.Rule rule, Packet packet) {
        PortRange ports = rule.ports();
        return rule.protocol() == Protocol.ANY
                || (rule.protocol().name().equals(packet.protocol())
                        && (ports == null || (ports.first() <= packet.port() && packet.port() <= ports.last())));
    }

    private static boolean isIn(PolicySpec spec, String set, End end) {
        return set == null
                || requireNonNull(spec.addresses().get(set)).stream()
                        .anyMatch(block -> block.contains(IpAddress.parse(end.address())));
    }

    private static List<Packet> packets(Facts facts) {
        List<End> ends = Stream.concat(
                        facts.pods().stream().map(pod -> new End(pod.address().toString(), Optional.of(pod))),
                        OUTSIDE.stream())
                .toList();
        List<Packet> packets = new ArrayList<>();
        for (End from : ends) {
            for (End to : ends) {
                if (!from.equals(to)) {
                    TestingPolicies.PROTOCOLS.forEach(protocol ->
                            TestingPolicies.PORTS.forEach(port -> packets.add(new Packet(from, to, protocol, port))));
                    packets.add(new Packet(from, to, "ICMP", 0));
                }
            }
        }
        return packets;
    }

    @Test
    void everyPacketPassesIffKubernetesMeansItTo() {
        int passed = 0;
        int stopped = 0;
        for (long seed = 0; seed < 3_000; seed++) {
            TestingPolicies generator = new TestingPolicies(seed);
            Facts facts = generator.facts();
            List<NetworkPolicy> policies = generator.policies();
            ReferencePolicies reference = new ReferencePolicies(policies, facts);
            List<Compiled> compiled = compiled(policies, facts);
            NetworkPolicyOf nodes = (policy, pod) -> policy.spec().name().startsWith(pod.namespace() + "/")
                    && policy.podSelector().matches(pod.labels());
            for (Packet packet : packets(facts)) {
                boolean wanted = reference.allows(packet);
                if (promised(compiled, nodes, packet) != wanted) {
                    assertThat(promised(compiled, nodes, packet))
                            .as("seed %d, %s of %s by %s", seed, packet, policies, compiled)
                            .isEqualTo(wanted);
                }
                passed += wanted ? 1 : 0;
                stopped += wanted ? 0 : 1;
            }
            assertThat(compiled).allSatisfy(each -> assertThat(each.refusals()).isEmpty());
        }
        assertThat(List.of(passed, stopped)).allMatch(count -> count > 100_000);
    }

    @Test
    void theOrderOfPodsDoesNotMatter() {
        for (long seed = 0; seed < 500; seed++) {
            TestingPolicies generator = new TestingPolicies(seed);
            Facts facts = generator.facts();
            List<NetworkPolicy> policies = generator.policies();
            List<PodFacts> shuffled = new ArrayList<>(facts.pods());
            Collections.shuffle(shuffled, new Random(seed));
            assertThat(compiled(policies, new Facts(shuffled, facts.namespaces())))
                    .as("seed %d", seed)
                    .isEqualTo(compiled(policies, facts));
        }
    }

    @Test
    void aBlockWithoutOthersIsWhatIsLeftInTheFewestBlocks() {
        assertThat(Blocks.without(
                        Cidr.parse("10.0.0.0/30"), List.of(Cidr.parse("10.0.0.1/32"), Cidr.parse("11.0.0.0/8"))))
                .containsExactly(Cidr.parse("10.0.0.0/32"), Cidr.parse("10.0.0.2/31"));
        assertThat(Blocks.without(Cidr.parse("10.0.0.0/30"), List.of(Cidr.parse("10.0.0.0/8"))))
                .isEmpty();
        assertThat(Blocks.distinct(
                        List.of(Cidr.parse("10.0.0.1/32"), Cidr.parse("10.0.0.0/30"), Cidr.parse("10.0.0.4/32"))))
                .containsExactly(Cidr.parse("10.0.0.0/30"), Cidr.parse("10.0.0.4/32"));
    }
}
