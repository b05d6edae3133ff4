package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlockBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeerBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import io.portolan.model.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/** Generates clusters and policies of all shapes out of a small world, so that they often meet. A seed replays a run. */
final class TestingPolicies {
    static final List<Integer> PORTS = List.of(53, 80, 81, 8080);
    static final List<String> PROTOCOLS = List.of("TCP", "UDP", "SCTP");
    private static final List<String> NAMESPACES = List.of("red", "blue");
    private static final List<String> KEYS = List.of("app", "tier");
    private static final List<String> VALUES = List.of("web", "db");
    private static final List<String> NAMES = List.of("http", "dns");
    private static final List<String> BLOCKS =
            List.of("0.0.0.0/0", "10.4.0.0/28", "10.4.0.0/30", "10.4.0.2/32", "192.0.2.0/24", "fd00::/64");

    private final Random random;

    TestingPolicies(long seed) {
        random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private boolean chance(double of) {
        return random.nextDouble() < of;
    }

    private <T> List<T> some(int most, Supplier<T> each) {
        List<T> all = new ArrayList<>();
        int count = random.nextInt(most + 1);
        for (int i = 0; i < count; i++) {
            all.add(each.get());
        }
        return all;
    }

    private Map<String, String> labels() {
        Map<String, String> labels = new HashMap<>();
        KEYS.stream().filter(key -> chance(0.6)).forEach(key -> labels.put(key, one(VALUES)));
        return labels;
    }

    Facts facts() {
        Map<String, Map<String, String>> namespaces = new HashMap<>();
        NAMESPACES.forEach(name -> namespaces.put(name, labels()));
        List<PodFacts> pods = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Map<String, Integer> ports = new HashMap<>();
            NAMES.forEach(name -> PROTOCOLS.stream()
                    .filter(protocol -> chance(0.4))
                    .forEach(protocol -> ports.put(protocol + "/" + name, one(PORTS))));
            pods.add(new PodFacts(one(NAMESPACES), labels(), IpAddress.parse("10.4.0." + (2 + i)), ports));
        }
        return new Facts(pods, namespaces);
    }

    private LabelSelector selector() {
        LabelSelectorBuilder selector = new LabelSelectorBuilder();
        if (chance(0.4)) {
            selector.addToMatchLabels(one(KEYS), one(VALUES));
        }
        if (chance(0.4)) {
            String operator = one(List.of("In", "NotIn", "Exists", "DoesNotExist"));
            selector.addToMatchExpressions(new LabelSelectorRequirementBuilder()
                    .withKey(one(KEYS))
                    .withOperator(operator)
                    .withValues(operator.endsWith("In") ? List.of(one(VALUES)) : List.of())
                    .build());
        }
        return selector.build();
    }

    private NetworkPolicyPeer peer() {
        NetworkPolicyPeerBuilder peer = new NetworkPolicyPeerBuilder();
        if (chance(0.3)) {
            return peer.withIpBlock(new IPBlockBuilder()
                            .withCidr(one(BLOCKS))
                            .withExcept(some(2, () -> one(BLOCKS)))
                            .build())
                    .build();
        }
        boolean namespaces = chance(0.5);
        if (namespaces) {
            peer.withNamespaceSelector(selector());
        }
        if (!namespaces || chance(0.5)) {
            peer.withPodSelector(selector());
        }
        return peer.build();
    }

    private NetworkPolicyPort port() {
        NetworkPolicyPortBuilder port = new NetworkPolicyPortBuilder();
        if (chance(0.8)) {
            port.withProtocol(one(PROTOCOLS));
        }
        if (chance(0.3)) {
            return port.withPort(new IntOrString(one(NAMES))).build();
        }
        if (chance(0.8)) {
            int first = one(PORTS);
            port.withPort(new IntOrString(first));
            if (chance(0.3)) {
                port.withEndPort(first + random.nextInt(40));
            }
        }
        return port.build();
    }

    NetworkPolicy policy(String name) {
        NetworkPolicyBuilder policy = new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace(one(NAMESPACES))
                .withName(name)
                .withUid("uid-" + name)
                .endMetadata();
        return policy.withNewSpec()
                .withPodSelector(selector())
                .withPolicyTypes(one(List.of(
                        List.<String>of(), List.of("Ingress"), List.of("Egress"), List.of("Ingress", "Egress"))))
                .withIngress(some(
                        2,
                        () -> new NetworkPolicyIngressRuleBuilder()
                                .withFrom(some(2, this::peer))
                                .withPorts(some(2, this::port))
                                .build()))
                .withEgress(some(
                        2,
                        () -> new NetworkPolicyEgressRuleBuilder()
                                .withTo(some(2, this::peer))
                                .withPorts(some(2, this::port))
                                .build()))
                .endSpec()
                .build();
    }

    List<NetworkPolicy> policies() {
        List<NetworkPolicy> all = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            all.add(policy("p" + i));
        }
        return all;
    }
}
