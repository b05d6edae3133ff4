package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.ProfileId;
import io.portolan.model.api.LabelSelector;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One NetworkPolicy as the network should have it: a pure function of the policy and of the pods and namespaces that there are.
 *
 * <p>Each of its rules has one set of peers: the addresses of the pods that it selects, and its blocks without what they except. A
 * named port is a number for some pods and another for others; so such a rule stands once for each number, for those of the pods
 * that are called which mean it: the policy's own of ingress, the peers of egress. Pods have IPv4 addresses only, so blocks of
 * IPv6 name nobody.
 */
final class Compilation {
    /** @param refusals what is left out, in words */
    record Compiled(PolicySpec spec, LabelSelector podSelector, List<String> refusals) {
        Compiled {
            refusals = List.copyOf(refusals);
        }
    }

    /** A rule of either direction. */
    private record RawRule(
            @Nullable List<NetworkPolicyPeer> peers,
            @Nullable List<NetworkPolicyPort> ports) {}

    /** Whom a rule speaks of; null for everyone. */
    private record Peers(Set<Cidr> blocks) {
        boolean contains(IpAddress address) {
            return blocks.stream().anyMatch(block -> block.contains(address));
        }
    }

    private final NetworkPolicy policy;
    private final ProfileId id;
    private final Facts facts;
    private final SortedMap<String, Set<Cidr>> addresses = new TreeMap<>();
    private final List<PolicySpec.Rule> rules = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();

    private Compilation(NetworkPolicy policy, ProfileId id, Facts facts) {
        this.policy = policy;
        this.id = id;
        this.facts = facts;
    }

    /** @throws IllegalArgumentException where not even the pods are known that it selects */
    static Compiled of(NetworkPolicy policy, ProfileId id, Facts facts) {
        return new Compilation(policy, id, facts).compile();
    }

    private Compiled compile() {
        NetworkPolicySpec spec = policy.getSpec();
        LabelSelector selector = Selectors.of(spec.getPodSelector());
        Set<Direction> isolates = isolates(spec);
        List<PodFacts> selected = facts.pods().stream()
                .filter(pod ->
                        pod.namespace().equals(policy.getMetadata().getNamespace()) && selector.matches(pod.labels()))
                .toList();
        if (isolates.contains(Direction.INGRESS)) {
            compile(
                    Direction.INGRESS,
                    spec.getIngress().stream()
                            .map(rule -> new RawRule(rule.getFrom(), rule.getPorts()))
                            .toList(),
                    selected);
        }
        if (isolates.contains(Direction.EGRESS)) {
            compile(
                    Direction.EGRESS,
                    spec.getEgress().stream()
                            .map(rule -> new RawRule(rule.getTo(), rule.getPorts()))
                            .toList(),
                    selected);
        }
        return new Compiled(new PolicySpec(id, name(), isolates, addresses, rules), selector, refusals);
    }

    private String name() {
        return policy.getMetadata().getNamespace() + "/" + policy.getMetadata().getName();
    }

    private static Set<Direction> isolates(NetworkPolicySpec spec) {
        Set<Direction> isolates = EnumSet.noneOf(Direction.class);
        if (spec.getPolicyTypes().isEmpty()) {
            isolates.add(Direction.INGRESS);
            if (!spec.getEgress().isEmpty()) {
                isolates.add(Direction.EGRESS);
            }
        }
        spec.getPolicyTypes()
                .forEach(type -> isolates.add("Egress".equals(type) ? Direction.EGRESS : Direction.INGRESS));
        return isolates;
    }

    private void compile(Direction direction, List<RawRule> all, List<PodFacts> selected) {
        for (int i = 0; i < all.size(); i++) {
            String where = "%s-%d".formatted(direction == Direction.INGRESS ? "ingress" : "egress", i);
            try {
                compile(direction, where, all.get(i), selected);
            } catch (IllegalArgumentException e) {
                refusals.add("%s: %s; that rule allows nothing".formatted(where, e.getMessage()));
            }
        }
    }

    private void compile(Direction direction, String where, RawRule rule, List<PodFacts> selected) {
        Peers peers = peers(rule.peers());
        List<PolicySpec.Rule> made = new ArrayList<>();
        SortedMap<String, Set<Cidr>> sets = new TreeMap<>();
        String named = peers == null ? null : where;
        if (rule.ports() == null || rule.ports().isEmpty()) {
            made.add(new PolicySpec.Rule(direction, Protocol.ANY, null, named, null));
        } else {
            for (NetworkPolicyPort port : rule.ports()) {
                Protocol protocol = protocol(port.getProtocol());
                IntOrString number = port.getPort();
                if (number == null) {
                    made.add(new PolicySpec.Rule(direction, protocol, null, named, null));
                } else if (number.getStrVal() == null) {
                    int first = number.getIntVal();
                    int last = Objects.requireNonNullElse(port.getEndPort(), first);
                    made.add(new PolicySpec.Rule(direction, protocol, new PortRange(first, last), named, null));
                } else {
                    byName(direction, where, protocol, number.getStrVal(), peers, selected, made, sets);
                }
            }
        }
        if (named != null && made.stream().anyMatch(each -> named.equals(each.peers()))) {
            sets.put(named, Objects.requireNonNull(peers).blocks());
        }
        rules.addAll(made);
        addresses.putAll(sets);
    }

    private void byName(
            Direction direction,
            String where,
            Protocol protocol,
            String name,
            @Nullable Peers peers,
            List<PodFacts> selected,
            List<PolicySpec.Rule> made,
            SortedMap<String, Set<Cidr>> sets) {
        boolean ingress = direction == Direction.INGRESS;
        Stream<PodFacts> called = ingress
                ? selected.stream()
                : facts.pods().stream().filter(pod -> peers == null || peers.contains(pod.address()));
        SortedMap<Integer, Set<Cidr>> byNumber = new TreeMap<>();
        String key = PodFacts.named(protocol.name(), name);
        called.filter(pod -> pod.ports().containsKey(key))
                .forEach(pod -> byNumber.computeIfAbsent(
                                Objects.requireNonNull(pod.ports().get(key)), number -> new java.util.TreeSet<>())
                        .add(Blocks.of(pod.address())));
        byNumber.forEach((number, blocks) -> {
            String set = "%s-%s-%s-%d".formatted(where, protocol, name, number);
            sets.put(set, blocks);
            made.add(new PolicySpec.Rule(
                    direction,
                    protocol,
                    new PortRange(number, number),
                    ingress ? (peers == null ? null : where) : set,
                    ingress ? set : null));
        });
    }

    private static Protocol protocol(@Nullable String protocol) {
        return switch (Objects.requireNonNullElse(protocol, "TCP")) {
            case "TCP" -> Protocol.TCP;
            case "UDP" -> Protocol.UDP;
            case "SCTP" -> Protocol.SCTP;
            default -> throw new IllegalArgumentException("protocol '%s' is not known".formatted(protocol));
        };
    }

    private @Nullable Peers peers(@Nullable List<NetworkPolicyPeer> all) {
        if (all == null || all.isEmpty()) {
            return null;
        }
        List<Cidr> blocks = new ArrayList<>();
        all.forEach(peer -> blocks.addAll(peer.getIpBlock() != null ? blocks(peer.getIpBlock()) : pods(peer)));
        return new Peers(Blocks.distinct(blocks));
    }

    private static Collection<Cidr> blocks(IPBlock block) {
        Cidr cidr = Cidr.parse(block.getCidr());
        return cidr.family() == IpAddress.Family.IPV6
                ? List.of()
                : Blocks.without(
                        cidr, block.getExcept().stream().map(Cidr::parse).toList());
    }

    private Collection<Cidr> pods(NetworkPolicyPeer peer) {
        LabelSelector ofPods = Selectors.of(peer.getPodSelector());
        LabelSelector ofNamespaces = Selectors.of(peer.getNamespaceSelector());
        String own = policy.getMetadata().getNamespace();
        return facts.pods().stream()
                .filter(pod -> peer.getNamespaceSelector() == null
                        ? pod.namespace().equals(own)
                        : isIn(pod.namespace(), ofNamespaces))
                .filter(pod -> ofPods.matches(pod.labels()))
                .map(pod -> Blocks.of(pod.address()))
                .toList();
    }

    private boolean isIn(String namespace, LabelSelector selector) {
        Map<String, String> labels = facts.namespaces().get(namespace);
        return labels != null && selector.matches(labels);
    }
}
