package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What NetworkPolicies mean, read off Kubernetes' own words and as plainly as can be: packet by packet, without sets. */
final class ReferencePolicies {
    /** Whoever is at one end; a pod, or somebody outside. */
    record End(String address, Optional<PodFacts> pod) {}

    /** @param protocol one of TCP, UDP, SCTP, ICMP */
    record Packet(End from, End to, String protocol, int port) {}

    private final List<NetworkPolicy> policies;
    private final Map<String, Map<String, String>> namespaces;

    ReferencePolicies(List<NetworkPolicy> policies, Facts facts) {
        this.policies = policies;
        this.namespaces = facts.namespaces();
    }

    boolean allows(Packet packet) {
        return allows(packet, "Ingress", packet.to()) && allows(packet, "Egress", packet.from());
    }

    private boolean allows(Packet packet, String type, End subject) {
        if (subject.pod().isEmpty()) {
            return true;
        }
        List<NetworkPolicy> isolating = policies.stream()
                .filter(policy -> types(policy).contains(type)
                        && selects(policy, subject.pod().get()))
                .toList();
        return isolating.isEmpty() || isolating.stream().anyMatch(policy -> rules(policy, type, packet));
    }

    static List<String> types(NetworkPolicy policy) {
        if (!policy.getSpec().getPolicyTypes().isEmpty()) {
            return policy.getSpec().getPolicyTypes();
        }
        return policy.getSpec().getEgress().isEmpty() ? List.of("Ingress") : List.of("Ingress", "Egress");
    }

    static boolean selects(NetworkPolicy policy, PodFacts pod) {
        return pod.namespace().equals(policy.getMetadata().getNamespace())
                && matches(policy.getSpec().getPodSelector(), pod.labels());
    }

    private boolean rules(NetworkPolicy policy, String type, Packet packet) {
        return type.equals("Ingress")
                ? policy.getSpec().getIngress().stream()
                        .anyMatch(
                                rule -> peers(policy, rule.getFrom(), packet.from()) && ports(rule.getPorts(), packet))
                : policy.getSpec().getEgress().stream()
                        .anyMatch(rule -> peers(policy, rule.getTo(), packet.to()) && ports(rule.getPorts(), packet));
    }

    private boolean peers(NetworkPolicy policy, List<NetworkPolicyPeer> peers, End end) {
        return peers.isEmpty() || peers.stream().anyMatch(peer -> peer(policy, peer, end));
    }

    private boolean peer(NetworkPolicy policy, NetworkPolicyPeer peer, End end) {
        if (peer.getIpBlock() != null) {
            IPBlock block = peer.getIpBlock();
            return within(block.getCidr(), end.address())
                    && block.getExcept().stream().noneMatch(except -> within(except, end.address()));
        }
        if (end.pod().isEmpty()) {
            return false;
        }
        PodFacts pod = end.pod().get();
        boolean inNamespace = peer.getNamespaceSelector() == null
                ? pod.namespace().equals(policy.getMetadata().getNamespace())
                : matches(peer.getNamespaceSelector(), namespaces.get(pod.namespace()));
        return inNamespace && (peer.getPodSelector() == null || matches(peer.getPodSelector(), pod.labels()));
    }

    /** A named port is one of whoever is called. */
    private static boolean ports(List<NetworkPolicyPort> ports, Packet packet) {
        return ports.isEmpty() || ports.stream().anyMatch(port -> port(port, packet));
    }

    private static boolean port(NetworkPolicyPort port, Packet packet) {
        String protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
        if (!protocol.equals(packet.protocol())) {
            return false;
        }
        if (port.getPort() == null) {
            return true;
        }
        if (port.getPort().getStrVal() != null) {
            String name = protocol + "/" + port.getPort().getStrVal();
            return packet.to()
                    .pod()
                    .filter(pod ->
                            Integer.valueOf(packet.port()).equals(pod.ports().get(name)))
                    .isPresent();
        }
        int first = port.getPort().getIntVal();
        return packet.port() >= first && packet.port() <= (port.getEndPort() == null ? first : port.getEndPort());
    }

    private static boolean matches(LabelSelector selector, Map<String, String> labels) {
        for (Map.Entry<String, String> label : selector.getMatchLabels().entrySet()) {
            if (!label.getValue().equals(labels.get(label.getKey()))) {
                return false;
            }
        }
        for (LabelSelectorRequirement each : selector.getMatchExpressions()) {
            boolean has = labels.containsKey(each.getKey());
            boolean in = has && each.getValues().contains(labels.get(each.getKey()));
            boolean holds = switch (each.getOperator()) {
                case "In" -> in;
                case "NotIn" -> !in;
                case "Exists" -> has;
                default -> !has;
            };
            if (!holds) {
                return false;
            }
        }
        return true;
    }

    /** Bit by bit. */
    private static boolean within(String cidr, String address) {
        if (cidr.contains(":")) {
            return false;
        }
        String[] parts = cidr.split("/");
        int length = Integer.parseInt(parts[1]);
        return bits(parts[0]).substring(0, length).equals(bits(address).substring(0, length));
    }

    private static String bits(String address) {
        StringBuilder bits = new StringBuilder();
        for (String part : address.split("\\.")) {
            bits.append(Integer.toBinaryString(0x100 | Integer.parseInt(part)).substring(1));
        }
        return bits.toString();
    }
}
