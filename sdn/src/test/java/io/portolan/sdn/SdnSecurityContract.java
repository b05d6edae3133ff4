package io.portolan.sdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnSecurity.Binding;
import io.portolan.sdn.SdnSecurity.Taken;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What security profiles do on every network that has them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class SdnSecurityContract {
    protected abstract SdnBackend backend(ClusterId cluster);

    /** A backend whose network cannot be reached. */
    protected abstract SdnBackend unreachable(ClusterId cluster);

    /** All that the network has, of whomever, in any form that equals itself while nothing changes. */
    protected abstract Object everything();

    /** A group that somebody else made, where groups can be adopted. */
    protected abstract String foreignGroup();

    /** A chassis that exists; null in underlay mode. */
    protected String chassis() {
        return "chassis-1";
    }

    /** Where a port of this backend's cluster is nested; null in overlay mode. */
    protected PortSpec.Nesting nesting(SdnBackend sdn, int tag) {
        return null;
    }

    /** A node of a cluster with its ports. */
    protected record Place(SdnBackend sdn, NodeId node, List<SdnPort> ports) {
        public Binding binding(int port, String... profiles) {
            return new Binding(ports.get(port).id(), node, ports.get(port).backendId(), Set.of(profiles));
        }

        public Taken bind(int port, String... profiles) {
            return sdn.security().bind(List.of(binding(port, profiles)));
        }

        public Set<String> profiles(int port) {
            return sdn.security().bindings(node).get(ports.get(port).id());
        }

        /** The same place, by another way to its network. */
        public Place by(SdnBackend other) {
            return new Place(other, node, ports);
        }

        /** Takes all down again. */
        public void leave() {
            sdn.ports().delete(node, ports.stream().map(SdnPort::id).toList());
            sdn.security().ownProfiles().forEach(id -> sdn.security().ensureProfiles(List.of(profile(id))));
            sdn.security().ownPolicies().forEach(id -> sdn.security().deletePolicy(id));
            sdn.security().ownProfiles().forEach(id -> sdn.security().deleteProfile(id));
            sdn.security().open();
            sdn.topology().deleteSwitch(node);
            sdn.topology().deleteRouter();
        }
    }

    protected Place place(SdnBackend sdn, int count) {
        Cidr block = Cidr.parse("10.4.7.0/28");
        IpAddress gateway = block.address(1);
        Router router = sdn.topology()
                .ensureRouter(new RouterSpec(new ClusterName("blue"), List.of(Cidr.parse("10.4.0.0/16")), null));
        SubnetId subnet = SubnetId.random();
        SwitchSpec node = new SwitchSpec(
                NodeId.random(),
                new NodeName("secured-1"),
                router.id(),
                List.of(new SwitchSpec.Subnet(subnet, block, gateway, MacAddress.derivedFrom(gateway))),
                null,
                chassis(),
                1400);
        sdn.topology().ensureSwitch(node);
        List<PortSpec> wanted = IntStream.range(0, count)
                .mapToObj(i -> {
                    IpAddress ip = block.address(2 + i);
                    return new PortSpec(
                            PortId.random(), subnet, MacAddress.derivedFrom(ip), List.of(ip), nesting(sdn, 100 + i));
                })
                .toList();
        return new Place(sdn, node.node(), sdn.ports().ensure(node.node(), wanted));
    }

    protected static ProfileId id() {
        return new ProfileId(UUID.randomUUID());
    }

    protected static ProfileSpec profile(ProfileId id, Rule... rules) {
        return new ProfileSpec(id, "web", List.of(rules));
    }

    protected static Rule allow(Direction direction, Protocol protocol, int port, Remote remote) {
        PortRange ports = port == 0 ? null : new PortRange(port, port);
        return new Rule(direction, Action.ALLOW, 0, protocol, ports, remote, false);
    }

    protected static Remote anyone() {
        return new Remote.Anyone();
    }

    protected static String ensure(SdnBackend sdn, ProfileSpec spec) {
        return sdn.security().ensureProfiles(List.of(spec)).get(spec.id());
    }

    protected static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call).asInstanceOf(type(Refused.class)).returns(reason, Refused::reason);
    }

    @Test
    void aProfileIsMadeMendedAndDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            assertThat(sdn.security().ownProfiles()).isEmpty();
            ProfileId id = id();
            ProfileSpec small = profile(id, allow(Direction.INGRESS, Protocol.TCP, 80, anyone()));
            ProfileSpec large = profile(
                    id,
                    allow(Direction.INGRESS, Protocol.TCP, 80, anyone()),
                    allow(Direction.INGRESS, Protocol.ICMP, 0, new Remote.Block(Cidr.parse("10.4.0.0/16"))),
                    new Rule(
                            Direction.EGRESS,
                            Action.ALLOW,
                            0,
                            Protocol.UDP,
                            new PortRange(53, 54),
                            new Remote.Block(Cidr.parse("fd00::/64")),
                            false),
                    allow(Direction.EGRESS, Protocol.ANY, 0, anyone()));
            String name = ensure(sdn, small);
            Object before = everything();
            assertThat(ensure(sdn, small)).isEqualTo(name);
            assertThat(everything()).as("nothing differed").isEqualTo(before);
            assertThat(sdn.security().ownProfiles()).containsExactly(id);
            assertThat(ensure(sdn, large)).isEqualTo(name);
            Object grown = everything();
            assertThat(grown).isNotEqualTo(before);
            assertThat(ensure(sdn, large)).isEqualTo(name);
            assertThat(everything()).isEqualTo(grown);
            assertThat(ensure(sdn, profile(id))).isEqualTo(name);
            sdn.security().deleteProfile(id);
            sdn.security().deleteProfile(id);
            assertThat(sdn.security().ownProfiles()).isEmpty();
        }
    }

    @Test
    void manyProfilesAreMadeAtOnce() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            List<ProfileSpec> all = IntStream.range(0, 4)
                    .mapToObj(i -> profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80 + i, anyone())))
                    .toList();
            Map<ProfileId, String> names = sdn.security().ensureProfiles(all);
            assertThat(names).hasSize(4);
            assertThat(Set.copyOf(names.values())).hasSize(4);
            assertThat(sdn.security().ensureProfiles(all)).isEqualTo(names);
            assertThat(sdn.security().ownProfiles()).isEqualTo(names.keySet());
            names.keySet().forEach(sdn.security()::deleteProfile);
            assertThat(sdn.security().ownProfiles()).isEmpty();
        }
    }

    @Test
    void portsAreBoundReboundAndClosed() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 3);
            Taken closed = sdn.security().close(List.of(place.node()));
            assertThat(sdn.security().bindings(place.node()).values())
                    .containsOnly(Set.of())
                    .hasSize(3);
            String web = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            String dns = ensure(sdn, profile(id(), allow(Direction.EGRESS, Protocol.UDP, 53, anyone())));
            Taken bound = sdn.security().bind(List.of(place.binding(0, web), place.binding(1, web, dns)));
            assertLater(closed, bound);
            assertThat(bindings(place)).isEqualTo(List.of(Set.of(web), Set.of(web, dns), Set.of()));
            assertLater(bound, place.bind(0, web));
            place.bind(0, dns);
            place.bind(1);
            place.bind(2, web);
            assertThat(bindings(place)).isEqualTo(List.of(Set.of(dns), Set.of(), Set.of(web)));
            assertThat(sdn.ports().list(place.node()))
                    .allSatisfy(port -> assertThat(port.fault()).isNull());
            place.leave();
        }
    }

    private static List<Set<String>> bindings(Place place) {
        return IntStream.range(0, place.ports().size())
                .mapToObj(place::profiles)
                .toList();
    }

    private static void assertLater(Taken earlier, Taken later) {
        Long before = earlier.mark();
        Long after = later.mark();
        if (before == null || after == null) {
            assertThat(before).as("all marks or none").isEqualTo(after);
        } else {
            assertThat(after).isGreaterThan(before);
        }
    }

    @Test
    void aPortThatIsMadeAgainOrLaterIsClosed() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 2);
            sdn.security().close(List.of(place.node()));
            String web = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            place.bind(0, web);
            sdn.ports().delete(place.node(), List.of(place.ports().get(0).id()));
            assertThat(sdn.security().bindings(place.node()))
                    .isEqualTo(Map.of(place.ports().get(1).id(), Set.of()));
            place.leave();
        }
    }

    @Test
    void whatIsClosedCanBeOpenedAgain() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 1);
            Object before = everything();
            Taken closed = sdn.security().close(List.of(place.node()));
            Object after = everything();
            assertThat(sdn.security().close(List.of(place.node())))
                    .as("what is so already is not written")
                    .isEqualTo(closed);
            assertThat(everything()).isEqualTo(after);
            sdn.security().close(List.of(place.node(), NodeId.random()));
            sdn.security().open();
            sdn.security().open();
            assertThat(everything()).isEqualTo(before);
            place.leave();
        }
    }

    @Test
    void aProfileInUseIsNotDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 1);
            ProfileId web = id();
            ProfileId db = id();
            String webName = ensure(sdn, profile(web, allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            ensure(sdn, profile(db, allow(Direction.INGRESS, Protocol.TCP, 5432, new Remote.Members(webName))));
            Object before = everything();
            assertRefused(Reason.IN_USE, () -> sdn.security().deleteProfile(web));
            assertThat(everything()).isEqualTo(before);
            ensure(sdn, profile(db));
            place.bind(0, webName);
            Object bound = everything();
            assertRefused(Reason.IN_USE, () -> sdn.security().deleteProfile(web));
            assertThat(everything()).isEqualTo(bound);
            place.bind(0);
            sdn.security().deleteProfile(web);
            assertThat(sdn.security().ownProfiles()).containsExactly(db);
            place.leave();
        }
    }

    @Test
    void aProfileMaySpeakOfItself() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            ProfileId id = id();
            String name = ensure(sdn, profile(id));
            ensure(sdn, profile(id, allow(Direction.INGRESS, Protocol.ANY, 0, new Remote.Members(name))));
            Object before = everything();
            ensure(sdn, profile(id, allow(Direction.INGRESS, Protocol.ANY, 0, new Remote.Members(name))));
            assertThat(everything()).isEqualTo(before);
            sdn.security().deleteProfile(id);
            assertThat(sdn.security().ownProfiles()).isEmpty();
        }
    }

    @Test
    void whatIsNotThereIsNotBound() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 1);
            sdn.security().close(List.of(place.node()));
            String web = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            String nobodys = unknownProfile(sdn);
            String lost = UUID.randomUUID().toString();
            Object before = everything();
            assertRefused(Reason.NOT_FOUND, () -> place.bind(0, nobodys));
            assertRefused(
                    Reason.NOT_FOUND,
                    () -> sdn.security().bind(List.of(new Binding(PortId.random(), place.node(), lost, Set.of(web)))));
            assertRefused(
                    Reason.NOT_FOUND,
                    () -> ensure(
                            sdn,
                            profile(id(), allow(Direction.INGRESS, Protocol.TCP, 1, new Remote.Members(nobodys)))));
            assertThat(everything()).isEqualTo(before);
            place.leave();
        }
    }

    /** The id of a profile that was there. */
    private static String unknownProfile(SdnBackend sdn) {
        ProfileId gone = id();
        String name = ensure(sdn, profile(gone));
        sdn.security().deleteProfile(gone);
        return name;
    }

    protected static PolicySpec policy(ProfileId id, int port, String... peers) {
        Set<Cidr> blocks = Arrays.stream(peers).map(Cidr::parse).collect(Collectors.toSet());
        return new PolicySpec(
                id,
                "ns/only",
                Set.of(Direction.INGRESS, Direction.EGRESS),
                new TreeMap<>(Map.of("in-0", blocks)),
                List.of(new PolicySpec.Rule(Direction.INGRESS, Protocol.TCP, new PortRange(port, port), "in-0", null)));
    }

    protected static String ensure(SdnBackend sdn, PolicySpec spec) {
        return sdn.security().ensurePolicies(List.of(spec)).get(spec.id());
    }

    @Test
    void aPolicyIsMadeMendedAndDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            ProfileId id = id();
            Object nothing = everything();
            if (!sdn.security().abilities().policies()) {
                assertRefused(Reason.NOT_SUPPORTED, () -> ensure(sdn, policy(id, 80)));
                assertThat(everything()).isEqualTo(nothing);
                return;
            }
            String name = ensure(sdn, policy(id, 80, "10.4.7.2/32"));
            Object small = everything();
            assertThat(ensure(sdn, policy(id, 80, "10.4.7.2/32"))).isEqualTo(name);
            assertThat(everything()).as("nothing differed").isEqualTo(small);
            assertThat(sdn.security().ownPolicies()).containsExactly(id);
            assertThat(sdn.security().ownProfiles()).isEmpty();
            ensure(sdn, policy(id, 81, "10.4.7.2/32", "10.5.0.0/16"));
            assertThat(everything()).isNotEqualTo(small);
            ensure(sdn, policy(id, 80, "10.4.7.2/32"));
            assertThat(everything()).isEqualTo(small);
            sdn.security().deletePolicy(id);
            sdn.security().deletePolicy(id);
            assertThat(sdn.security().ownPolicies()).isEmpty();
            assertThat(everything()).isEqualTo(nothing);
        }
    }

    @Test
    void aPolicyNarrowsTheProfilesThatItsPortsAreIn() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            if (!sdn.security().abilities().policies()) {
                return;
            }
            Place place = place(sdn, 2);
            sdn.security().close(List.of(place.node()));
            ProfileId web = id();
            ProfileId only = id();
            Rule ingress = allow(Direction.INGRESS, Protocol.TCP, 0, anyone());
            Rule egress = allow(Direction.EGRESS, Protocol.UDP, 53, anyone());
            String webName = ensure(sdn, profile(web, ingress));
            String dns = ensure(sdn, profile(id(), egress));
            String name = ensure(sdn, policy(only, 80, "10.4.7.3/32"));
            assertLater(place.bind(0, webName), place.bind(0, webName, name));
            assertThat(bindings(place)).isEqualTo(List.of(Set.of(webName, name), Set.of()));
            place.bind(1, webName, dns, name);
            assertRefused(Reason.IN_USE, () -> sdn.security().deletePolicy(only));
            Object narrowed = everything();
            ensure(sdn, profile(web, ingress, egress));
            assertThat(everything()).isNotEqualTo(narrowed);
            ensure(sdn, policy(only, 81));
            ensure(sdn, profile(web, ingress));
            ensure(sdn, policy(only, 80, "10.4.7.3/32"));
            assertThat(everything()).as("whichever was changed last").isEqualTo(narrowed);
            place.bind(0, webName);
            place.bind(1);
            assertThat(bindings(place)).isEqualTo(List.of(Set.of(webName), Set.of()));
            sdn.security().deletePolicy(only);
            assertRefused(Reason.NOT_FOUND, () -> place.bind(0, webName, name));
            place.leave();
        }
    }

    @Test
    void aProfileThatAPolicyNarrowedIsDeleted() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            if (!sdn.security().abilities().policies()) {
                return;
            }
            Place place = place(sdn, 1);
            ProfileId web = id();
            ProfileId only = id();
            String name = ensure(sdn, policy(only, 80));
            String webName = ensure(sdn, profile(web, allow(Direction.INGRESS, Protocol.TCP, 0, anyone())));
            place.bind(0, webName, name);
            place.bind(0);
            sdn.security().deleteProfile(web);
            assertThat(sdn.security().ownProfiles()).isEmpty();
            Object left = everything();
            ensure(sdn, policy(only, 80));
            assertThat(everything()).as("nothing differed").isEqualTo(left);
            place.leave();
        }
    }

    @Test
    void profilesOfTwoClustersDoNotMeet() {
        try (SdnBackend blue = backend(ClusterId.random());
                SdnBackend green = backend(ClusterId.random())) {
            Place place = place(blue, 1);
            ProfileId ours = id();
            String name = ensure(blue, profile(ours, allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            place.bind(0, name);
            Object before = everything();
            assertThat(green.security().ownProfiles()).isEmpty();
            green.security().deleteProfile(ours);
            green.security().open();
            assertThat(green.security().bindings(place.node())).isEmpty();
            assertThat(everything()).isEqualTo(before);
            place.leave();
        }
    }

    @Test
    void aGroupThatExistsIsAdoptedAndLeftAlone() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            if (!sdn.security().abilities().adopts()) {
                assertRefused(
                        Reason.NOT_SUPPORTED,
                        () -> sdn.security().adopt(UUID.randomUUID().toString()));
                return;
            }
            Place place = place(sdn, 1);
            sdn.security().close(List.of(place.node()));
            String group = foreignGroup();
            Object before = everything();
            String adopted = sdn.security().adopt(group);
            assertThat(sdn.security().ownProfiles()).isEmpty();
            place.bind(0, adopted);
            assertThat(place.profiles(0)).containsExactly(adopted);
            place.bind(0);
            assertThat(everything()).isEqualTo(before);
            assertRefused(
                    Reason.NOT_FOUND,
                    () -> sdn.security().adopt(UUID.randomUUID().toString()));
            place.leave();
        }
    }

    @Test
    void whatTheNetworkCannotIsRefused() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Rule drop = new Rule(Direction.INGRESS, Action.DROP, 10, Protocol.ANY, null, anyone(), false);
            Rule urgent = new Rule(Direction.INGRESS, Action.ALLOW, 10, Protocol.ANY, null, anyone(), false);
            Rule noted = new Rule(Direction.INGRESS, Action.ALLOW, 0, Protocol.ANY, null, anyone(), true);
            SdnSecurity.Abilities abilities = sdn.security().abilities();
            assertPossible(sdn, abilities.drops(), drop);
            assertPossible(sdn, abilities.drops(), urgent);
            assertPossible(sdn, abilities.logs(), noted);
            assertThat(sdn.security().ownProfiles()).isEmpty();
        }
    }

    private void assertPossible(SdnBackend sdn, boolean possible, Rule rule) {
        ProfileId id = id();
        if (possible) {
            ensure(sdn, profile(id, rule));
            Object before = everything();
            ensure(sdn, profile(id, rule));
            assertThat(everything()).isEqualTo(before);
            sdn.security().deleteProfile(id);
        } else {
            Object before = everything();
            assertRefused(Reason.NOT_SUPPORTED, () -> ensure(sdn, profile(id, rule)));
            assertThat(everything()).isEqualTo(before);
        }
    }

    @Test
    void aReadThatFailsThrows() {
        try (SdnBackend sdn = unreachable(ClusterId.random())) {
            Collection<ThrowingCallable> calls = List.of(
                    () -> sdn.security().ownProfiles(),
                    () -> sdn.security().bindings(NodeId.random()),
                    () -> sdn.security().deleteProfile(id()));
            assertThat(calls).allSatisfy(call -> assertThatThrownBy(call).isInstanceOf(Unavailable.class));
        }
    }
}
