package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.neutron.Narrowed.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Every packet, of thousands of generated sets: a set's group lets through what profiles and policies both do, and never more. */
class NarrowedPropertyTest {
    private static final List<String> DIRECTIONS = List.of("ingress", "egress");
    private static final List<String> PROTOCOLS = List.of("tcp", "udp", "icmp");
    private static final List<Integer> PORTS = List.of(53, 80, 81, 8080);
    private static final List<String> PREFIXES =
            List.of("10.4.0.0/16", "10.4.0.0/30", "10.4.0.2/32", "10.4.0.3/32", "192.0.2.0/24");
    private static final List<String> GROUPS = List.of("web", "db");
    private static final List<Peer> PEERS = List.of(
            new Peer("10.4.0.2", Set.of("web")),
            new Peer("10.4.0.3", Set.of("web", "db")),
            new Peer("10.4.0.9", Set.of()),
            new Peer("192.0.2.7", Set.of("db")));

    /** @param groups that it is in */
    private record Peer(String address, Set<String> groups) {}

    private record Packet(String direction, String protocol, int port, Peer peer) {
        boolean passes(GroupRule rule) {
            PortRange ports = rule.ports();
            return rule.direction().equals(direction)
                    && rule.ethertype().equals("IPv4")
                    && (rule.protocol() == null || rule.protocol().equals(protocol))
                    && (ports == null || (ports.first() <= port && port <= ports.last()))
                    && (rule.prefix() == null || Cidr.parse(rule.prefix()).contains(IpAddress.parse(peer.address())))
                    && (rule.group() == null || peer.groups().contains(rule.group()))
                    && rule.addresses() == null;
        }
    }

    private final Random random = new Random(20_261_123);

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private <T> List<T> some(int most, Supplier<T> each) {
        List<T> all = new ArrayList<>();
        int count = random.nextInt(most + 1);
        for (int i = 0; i < count; i++) {
            all.add(each.get());
        }
        return all;
    }

    private GroupRule rule(boolean ofPolicy) {
        String protocol = random.nextInt(3) == 0 ? null : one(PROTOCOLS);
        boolean hasPorts = protocol != null && !protocol.equals("icmp") && random.nextBoolean();
        int first = one(PORTS);
        PortRange ports = hasPorts ? new PortRange(first, first + random.nextInt(40)) : null;
        int remote = random.nextInt(ofPolicy ? 2 : 4);
        boolean odd = !ofPolicy && random.nextInt(12) == 0;
        return new GroupRule(
                one(DIRECTIONS),
                "IPv4",
                protocol,
                ports,
                remote == 1 ? one(PREFIXES) : null,
                remote == 2 ? one(GROUPS) : null,
                odd && remote == 0 ? "addresses" : null);
    }

    private static boolean wanted(
            List<GroupRule> profiles, List<Policy> policies, List<GroupRule> free, Packet packet) {
        List<Policy> isolating = policies.stream()
                .filter(policy -> policy.isolates().contains(packet.direction()))
                .toList();
        return profiles.stream()
                .filter(packet::passes)
                .anyMatch(rule -> isolating.isEmpty()
                        || free.contains(rule)
                        || isolating.stream()
                                .flatMap(policy -> policy.rules().stream())
                                .anyMatch(packet::passes));
    }

    private static List<Packet> packets() {
        List<Packet> packets = new ArrayList<>();
        for (String direction : DIRECTIONS) {
            for (String protocol : PROTOCOLS) {
                for (int port : protocol.equals("icmp") ? List.of(0) : List.of(53, 80, 81, 100, 8080, 9000)) {
                    PEERS.forEach(peer -> packets.add(new Packet(direction, protocol, port, peer)));
                }
            }
        }
        return packets;
    }

    @Test
    void aSetLetsThroughWhatItsProfilesAndItsPoliciesBothDo() {
        int exact = 0;
        int narrower = 0;
        int passed = 0;
        for (int run = 0; run < 5_000; run++) {
            List<GroupRule> profiles = some(4, () -> rule(false));
            List<Policy> policies =
                    some(3, () -> new Policy(Set.copyOf(some(2, () -> one(DIRECTIONS))), some(3, () -> rule(true))));
            List<GroupRule> free = profiles.isEmpty() || random.nextBoolean() ? List.of() : List.of(one(profiles));
            Narrowed narrowed = Narrowed.of(profiles, policies, free);
            boolean whole = narrowed.lost() == 0 && narrowed.odd() == 0;
            for (Packet packet : packets()) {
                boolean wanted = wanted(profiles, policies, free, packet);
                boolean passes = narrowed.rules().stream().anyMatch(packet::passes);
                if (passes ? !wanted : wanted && whole) {
                    assertThat(passes)
                            .as("run %d: %s of %s by %s, as %s", run, packet, profiles, policies, narrowed)
                            .isEqualTo(wanted);
                }
                passed += passes ? 1 : 0;
            }
            exact += whole ? 1 : 0;
            narrower += whole ? 0 : 1;
            for (GroupRule rule : narrowed.rules()) {
                assertThat(narrowed.rules().stream()
                                .filter(other -> !other.equals(rule))
                                .filter(rule::isWithin))
                        .as("run %d: %s is within another", run, rule)
                        .isEmpty();
            }
        }
        assertThat(List.of(exact, narrower, passed)).allMatch(count -> count > 300);
    }

    @Test
    void whatAPolicyIsolatesIsShutWhileNobodyKnowsIt() {
        GroupRule all = new GroupRule("ingress", "IPv4", null, null, null, null, null);
        assertThat(Narrowed.of(List.of(all), List.of(Policy.shut()), List.of()).rules())
                .isEmpty();
    }
}
