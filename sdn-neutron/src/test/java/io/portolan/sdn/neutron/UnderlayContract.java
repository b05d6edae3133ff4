package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnSecurity;
import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.CloudLogin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What underlay mode promises besides {@link io.portolan.sdn.SdnBackendContract}, on any Neutron. */
abstract class UnderlayContract extends NeutronContract {
    /** Its user may write {@code binding:profile}. */
    protected abstract Tenant tenantWithProfiles(String name);

    /** An external network of the administrator with few addresses; answers its id. */
    protected abstract String externalNetwork(String name, String cidr);

    protected abstract void quota(Tenant tenant, String kind, int limit);

    protected abstract CloudLogin applicationCredential(Tenant tenant);

    /** Stands between us and Neutron for those who sign in to {@link #PROXIED}. */
    protected abstract FaultyProxy proxy();

    static final String PROXIED = "Proxied";

    @AfterEach
    void heal() {
        proxy().heal();
    }

    private SdnBackend backend(TestingNode node, Tenant tenant) {
        return backends.backend(node.cluster(), tenant.target(), node.way());
    }

    private SdnBackend proxied(TestingNode node, Tenant tenant) {
        return backends.backend(node.cluster(), Tenant.target(tenant.login().inRegion(PROXIED)), node.way());
    }

    private static Refused refused(ThrowingCallable call, Reason reason) {
        Refused[] caught = new Refused[1];
        assertThatThrownBy(call)
                .asInstanceOf(type(Refused.class))
                .returns(reason, Refused::reason)
                .satisfies(e -> caught[0] = e);
        return caught[0];
    }

    /** Ports of the project by address, but for the VMs' own. */
    private static List<JsonNode> pods(Tenant tenant) {
        return tenant.api().inventory(tenant.id()).all("ports").stream()
                .filter(port -> port.path("description").asString().contains(" port="))
                .toList();
    }

    private static void assertComplete(TestingNode node, Tenant tenant) {
        List<JsonNode> pods = pods(tenant);
        Set<String> marked = new TreeSet<>();
        Map<String, Object> expected = new java.util.TreeMap<>();
        Map<String, Object> found = new java.util.TreeMap<>();
        for (JsonNode pod : pods) {
            marked.add(pod.path("description").asString().replaceFirst(".* port=(\\S+).*", "$1"));
            found.put(
                    pod.at("/fixed_ips/0/ip_address").asString(),
                    pod.path("mac_address").asString());
        }
        node.ports()
                .forEach(spec -> expected.put(
                        spec.addresses().getFirst().toString(), spec.mac().toString()));
        assertThat(found).isEqualTo(expected);
        assertThat(pods).hasSameSizeAs(node.ids());
        assertThat(marked)
                .containsExactlyElementsOf(
                        new TreeSet<>(node.ids().stream().map(PortId::toString).toList()));
        if (node.way() == Way.TRUNK) {
            Map<Object, Object> tags = new java.util.TreeMap<>();
            for (JsonNode trunk : tenant.api().inventory(tenant.id()).all("trunks")) {
                assertThat(trunk.path("port_id").asString()).isEqualTo(node.parent());
                trunk.path("sub_ports")
                        .forEach(sub -> tags.put(
                                sub.path("port_id").asString(),
                                sub.path("segmentation_id").asInt()));
            }
            assertThat(tags.keySet())
                    .containsExactlyInAnyOrderElementsOf(pods.stream()
                            .map(p -> (Object) p.path("id").asString())
                            .toList());
            assertThat(tags.values())
                    .containsExactlyInAnyOrderElementsOf(node.ports().stream()
                            .map(p -> (Object) p.nesting().tag().id())
                            .toList());
        }
    }

    @Test
    void everyAnswerOfAWriteIsLostAndNothingIsMadeTwice() {
        Tenant tenant = tenant("lossy");
        TestingNode node = TestingNode.of("10.4.0.0/28", 5, tenant.vmPort());
        Object before = steady(tenant.api().inventory(tenant.id()));
        proxy().on("POST", ".*").dropAfter();
        proxy().on("PUT", ".*").dropAfter();
        proxy().on("DELETE", ".*").dropAfter();
        assertThat(runs(() -> {
                    try (SdnBackend sdn = proxied(node, tenant)) {
                        node.make(sdn);
                    }
                }))
                .as("router, network, subnet, gateway, interface, trunk, ports, sub-ports, and the run that finds all")
                .isEqualTo(9);
        assertComplete(node, tenant);
        assertThat(tenant.api().inventory(tenant.id()).all("trunks")).hasSize(1);
        assertThat(tenant.api().inventory(tenant.id()).all("routers")).hasSize(1);
        runs(() -> {
            try (SdnBackend sdn = proxied(node, tenant)) {
                node.unmake(sdn);
            }
        });
        assertThat(steady(tenant.api().inventory(tenant.id()))).isEqualTo(before);
    }

    /** How often it has to be started until it ends; each time anew, as after a crash. */
    private static int runs(Runnable work) {
        for (int i = 1; i < 60; i++) {
            try {
                work.run();
                return i;
            } catch (Unavailable e) {
                assertThat(e).hasMessageContaining("did not answer");
            }
        }
        throw new AssertionError("it does not converge");
    }

    @Test
    void aNodesFillingTakesABoundedNumberOfCalls() {
        Tenant tenant = tenant("counted");
        TestingNode node = TestingNode.of("10.4.0.0/26", 61, tenant.vmPort());
        try (SdnBackend sdn = proxied(node, tenant)) {
            String router = sdn.topology().ensureRouter(TestingNode.ROUTER).id();
            proxy().forgetCalls();
            sdn.topology().ensureSwitch(node.spec(router));
            List<PortSpec> ports = node.ports();
            for (int from = 0; from < ports.size(); from += sdn.ports().bulk()) {
                sdn.ports()
                        .ensure(
                                node.node(),
                                ports.subList(
                                        from,
                                        Math.min(
                                                ports.size(), from + sdn.ports().bulk())));
            }
            assertThat(sdn.ports().list(node.node())).hasSize(61);
            assertThat(proxy().calls()).hasSizeLessThanOrEqualTo(32);
            assertThat(proxy().calls("POST", ".*"))
                    .as("network, subnet, gateway, trunk, two bulks")
                    .hasSize(6);
            assertThat(proxy().calls("PUT", ".*"))
                    .as("interface, two times sub-ports")
                    .hasSize(3);
            proxy().forgetCalls();
            assertThat(sdn.topology().ensureSwitch(node.spec(router))).isEqualTo(Ensured.UNCHANGED);
            sdn.ports().ensure(node.node(), ports);
            assertThat(proxy().calls())
                    .allMatch(call -> call.method().equals("GET"))
                    .hasSizeLessThanOrEqualTo(9);
            node.unmake(sdn);
        }
    }

    private static List<String> said(Tenant tenant, String group) {
        return tenant.api()
                .network()
                .get("/security-groups/" + group)
                .at("/security_group/security_group_rules")
                .valueStream()
                .map(rule -> "%s %s %s %s %s"
                        .formatted(
                                rule.path("direction").asString(),
                                rule.path("ethertype").asString(),
                                rule.path("protocol").asString(""),
                                rule.path("port_range_max").asString(""),
                                rule.path("remote_group_id").asString("").isEmpty()
                                        ? rule.path("remote_ip_prefix").asString("")
                                        : "itself"))
                .toList();
    }

    private static Rule rule(Direction direction, Protocol protocol, PortRange ports, Remote remote) {
        return new Rule(direction, Action.ALLOW, 0, protocol, ports, remote, false);
    }

    /** What of {@code SdnSecurityContract} rests most on how Neutron is: in one life, because it is dear there. */
    @Test
    void aProfileIsMadeAndMendedAndPortsAreClosedBoundAndOpened() {
        Tenant tenant = tenant("secured");
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, tenant.vmPort());
        ProfileId id = new ProfileId(UUID.randomUUID());
        ProfileSpec empty = new ProfileSpec(id, "web", List.of());
        try (SdnBackend sdn = proxied(node, tenant)) {
            node.makeSwitch(sdn);
            SdnPort early =
                    sdn.ports().ensure(node.node(), node.ports().subList(0, 1)).getFirst();
            SdnSecurity security = sdn.security();
            assertThat(security.bindings(node.node()).get(early.id()))
                    .as("what Neutron gives")
                    .hasSize(1);
            security.close(List.of(node.node()));
            SdnPort late =
                    sdn.ports().ensure(node.node(), node.ports().subList(1, 2)).getFirst();
            assertThat(security.bindings(node.node())).isEqualTo(Map.of(early.id(), Set.of(), late.id(), Set.of()));

            String group = security.ensureProfiles(List.of(empty)).get(id);
            assertThat(said(tenant, group)).isEmpty();
            ProfileSpec full = new ProfileSpec(
                    id,
                    "web",
                    List.of(
                            rule(Direction.INGRESS, Protocol.TCP, new PortRange(80, 90), new Remote.Anyone()),
                            rule(Direction.INGRESS, Protocol.ICMP, null, new Remote.Anyone()),
                            rule(Direction.EGRESS, Protocol.SCTP, null, new Remote.Block(Cidr.parse("10.4.0.0/16"))),
                            rule(Direction.EGRESS, Protocol.UDP, null, new Remote.Block(Cidr.parse("0.0.0.0/0"))),
                            rule(Direction.INGRESS, Protocol.ANY, null, new Remote.Members(group))));
            security.ensureProfiles(List.of(full));
            List<String> right = said(tenant, group);
            assertThat(right)
                    .containsExactlyInAnyOrder(
                            "ingress IPv4 tcp 90 ",
                            "ingress IPv6 tcp 90 ",
                            "ingress IPv4 icmp  ",
                            "ingress IPv6 ipv6-icmp  ",
                            "egress IPv4 sctp  10.4.0.0/16",
                            "egress IPv4 udp  ",
                            "ingress IPv4   itself",
                            "ingress IPv6   itself");
            proxy().forgetCalls();
            security.ensureProfiles(List.of(full));
            security.close(List.of(node.node()));
            assertThat(proxy().calls())
                    .as("what is right is not written")
                    .allMatch(call -> call.method().equals("GET"))
                    .hasSizeLessThanOrEqualTo(5);
            CloudApi.Service neutron = tenant.api().network();
            neutron.post(
                    "/security-group-rules",
                    Map.of(
                            "security_group_rule",
                            Map.of("security_group_id", group, "direction", "egress", "ethertype", "IPv4")));
            security.ensureProfiles(List.of(full));
            assertThat(said(tenant, group)).containsExactlyInAnyOrderElementsOf(right);

            proxy().forgetCalls();
            security.bind(List.of(new SdnSecurity.Binding(early.id(), node.node(), early.backendId(), Set.of(group))));
            assertThat(proxy().calls()).as("at a pod's start").hasSize(1);
            String theirs = tenant.group("theirs");
            assertThat(security.adopt(theirs)).isEqualTo(theirs);
            security.bind(
                    List.of(new SdnSecurity.Binding(late.id(), node.node(), late.backendId(), Set.of(group, theirs))));
            assertThat(security.bindings(node.node()))
                    .isEqualTo(Map.of(early.id(), Set.of(group), late.id(), Set.of(group, theirs)));
            refused(() -> security.deleteProfile(id), Reason.IN_USE);
            String nobody = UUID.randomUUID().toString();
            refused(() -> security.adopt(nobody), Reason.NOT_FOUND);
            refused(
                    () -> security.bind(List.of(
                            new SdnSecurity.Binding(early.id(), node.node(), early.backendId(), Set.of(nobody)))),
                    Reason.NOT_FOUND);
            refused(
                    () -> security.bind(
                            List.of(new SdnSecurity.Binding(early.id(), node.node(), nobody, Set.of(group)))),
                    Reason.NOT_FOUND);
            ProfileId other = new ProfileId(UUID.randomUUID());
            security.ensureProfiles(List.of(new ProfileSpec(
                    other, "db", List.of(rule(Direction.INGRESS, Protocol.ANY, null, new Remote.Members(group))))));
            security.bind(List.of(
                    new SdnSecurity.Binding(early.id(), node.node(), early.backendId(), Set.of()),
                    new SdnSecurity.Binding(late.id(), node.node(), late.backendId(), Set.of(theirs))));
            refused(() -> security.deleteProfile(id), Reason.IN_USE);
            assertThat(security.ownProfiles()).containsExactlyInAnyOrder(id, other);
            security.deleteProfile(other);
            security.deleteProfile(id);
            security.open();
            assertThat(security.bindings(node.node()).get(early.id())).hasSize(1);
            assertThat(security.bindings(node.node()).get(late.id())).containsExactly(theirs);
            node.unmake(sdn);
            assertThat(tenant.api().inventory(tenant.id()).all("security_groups"))
                    .extracting(each -> each.path("name").asString())
                    .containsExactlyInAnyOrder("default", "theirs");
        }
    }

    private static PolicySpec policy(ProfileId id, Direction isolates, PolicySpec.Rule... rules) {
        return new PolicySpec(
                id,
                "shop/only",
                Set.of(isolates),
                new TreeMap<>(
                        rules.length == 0
                                ? Map.of()
                                : Map.of("in-0", Set.of(Cidr.parse("10.4.0.3/32"), Cidr.parse("10.5.0.0/16")))),
                List.of(rules));
    }

    /** The same, of what rests most on how Neutron is. */
    @Test
    void aPortInAProfileAndAPolicyIsInOneGroupThatSaysWhatBothLetThrough() {
        Tenant tenant = tenant("narrowed");
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, tenant.vmPort());
        ProfileId web = new ProfileId(UUID.randomUUID());
        ProfileId only = new ProfileId(UUID.randomUUID());
        ProfileId db = new ProfileId(UUID.randomUUID());
        Rule all = rule(Direction.EGRESS, Protocol.ANY, null, new Remote.Anyone());
        try (SdnBackend sdn = proxied(node, tenant)) {
            node.makeSwitch(sdn);
            List<SdnPort> ports = sdn.ports().ensure(node.node(), node.ports());
            SdnSecurity security = sdn.security();
            security.close(List.of(node.node()));
            Rule narrow = rule(Direction.INGRESS, Protocol.TCP, new PortRange(80, 90), new Remote.Anyone());
            String group = security.ensureProfiles(List.of(new ProfileSpec(web, "web", List.of(all, narrow))))
                    .get(web);
            security.ensureProfiles(List.of(new ProfileSpec(
                    db, "db", List.of(rule(Direction.INGRESS, Protocol.ANY, null, new Remote.Members(group))))));
            PolicySpec spec = policy(
                    only,
                    Direction.INGRESS,
                    new PolicySpec.Rule(Direction.INGRESS, Protocol.TCP, new PortRange(85, 99), "in-0", null));
            String policy = security.ensurePolicies(List.of(spec)).get(only);
            assertThat(security.ownPolicies()).containsExactly(only);
            SdnSecurity.Binding both = new SdnSecurity.Binding(
                    ports.get(0).id(), node.node(), ports.get(0).backendId(), Set.of(group, policy));
            SdnSecurity.Binding next = new SdnSecurity.Binding(
                    ports.get(1).id(), node.node(), ports.get(1).backendId(), both.profiles());
            security.bind(List.of(both));
            proxy().forgetCalls();
            security.bind(List.of(next));
            assertThat(proxy().calls()).as("at a pod's start").hasSize(1);
            assertThat(security.bindings(node.node()))
                    .isEqualTo(Map.of(both.port(), both.profiles(), next.port(), both.profiles()));
            String set = tenant.api()
                    .network()
                    .get("/ports/" + both.backendId())
                    .at("/port/security_groups/0")
                    .asString();
            assertThat(said(tenant, set))
                    .containsExactlyInAnyOrder(
                            "egress IPv4   ",
                            "egress IPv6   ",
                            "ingress IPv4 tcp 90 10.4.0.3/32",
                            "ingress IPv4 tcp 90 10.5.0.0/16");
            String theirs = tenant.api()
                    .network()
                    .get("/security-groups?name=portolan-db")
                    .at("/security_groups/0/id")
                    .asString();
            assertThat(said(tenant, theirs)).as("also of ports in the set").hasSize(4);
            proxy().forgetCalls();
            security.ensurePolicies(List.of(spec));
            assertThat(proxy().calls())
                    .as("what is right is not written")
                    .allMatch(call -> call.method().equals("GET"))
                    .hasSizeLessThanOrEqualTo(2);
            security.ensureProfiles(List.of(new ProfileSpec(web, "web", List.of(narrow))));
            security.ensurePolicies(List.of(policy(only, Direction.INGRESS)));
            assertThat(said(tenant, set)).isEmpty();
            security.ensurePolicies(List.of(policy(only, Direction.EGRESS)));
            assertThat(said(tenant, set)).containsExactlyInAnyOrder("ingress IPv4 tcp 90 ", "ingress IPv6 tcp 90 ");
            refused(() -> security.deletePolicy(only), Reason.IN_USE);
            security.bind(List.of(
                    new SdnSecurity.Binding(both.port(), node.node(), both.backendId(), Set.of(group)),
                    new SdnSecurity.Binding(next.port(), node.node(), next.backendId(), Set.of())));
            security.deletePolicy(only);
            refused(() -> security.bind(List.of(both)), Reason.NOT_FOUND);
            assertThat(said(tenant, theirs)).hasSize(2);
            security.bind(List.of(new SdnSecurity.Binding(both.port(), node.node(), both.backendId(), Set.of())));
            security.deleteProfile(db);
            security.deleteProfile(web);
            security.open();
            node.unmake(sdn);
            assertThat(tenant.api().inventory(tenant.id()).all("security_groups"))
                    .extracting(each -> each.path("name").asString())
                    .containsExactly("default");
        }
    }

    @Test
    void aNodeIsMadeOnANetworkThatExists() {
        Tenant tenant = tenant("adopting");
        String network = tenant.network("existing");
        tenant.subnet(network, "172.30.0.0/24");
        tenant.made("port", Map.of("network_id", network));
        TestingNode node = TestingNode.of("10.4.0.0/28", 3, tenant.vmPort());
        Object before = steady(tenant.api().inventory(tenant.id()));
        for (String nameOrId : List.of("existing", network)) {
            TestingNode there = node.on(nameOrId);
            try (SdnBackend sdn = backend(there, tenant)) {
                there.make(sdn);
                assertComplete(there, tenant);
                assertThat(pods(tenant))
                        .allMatch(pod -> pod.path("network_id").asString().equals(network));
                assertThat(sdn.topology()
                                .ensureSwitch(there.spec(
                                        sdn.topology().ownRouter().orElseThrow().id())))
                        .isEqualTo(Ensured.UNCHANGED);
                assertThat(sdn.topology().ownSwitches()).containsExactly(node.node());
                assertThat(sdn.ports().list(node.node())).hasSize(3);
                there.unmake(sdn);
            }
            assertThat(steady(tenant.api().inventory(tenant.id()))).isEqualTo(before);
        }
        TestingNode lost = node.on("nowhere");
        try (SdnBackend sdn = backend(lost, tenant)) {
            refused(() -> lost.makeSwitch(sdn), Reason.NOT_FOUND);
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void twoProjectsHaveTheSameAddresses() {
        Tenant blue = tenant("blue");
        Tenant green = tenant("green");
        TestingNode first = TestingNode.of("10.4.0.0/28", 3, blue.vmPort());
        TestingNode second = TestingNode.of("10.4.0.0/28", 3, green.vmPort());
        try (SdnBackend one = backend(first, blue);
                SdnBackend two = backend(second, green)) {
            first.make(one);
            second.make(two);
            assertComplete(first, blue);
            assertComplete(second, green);
            assertThat(one.topology().ownSwitches()).containsExactly(first.node());
            assertThat(two.topology().ownSwitches()).containsExactly(second.node());
            first.unmake(one);
            assertComplete(second, green);
            second.unmake(two);
        }
    }

    @Test
    void aTrunkThatIsThereIsUsedAndStays() {
        Tenant tenant = tenant("trunked");
        TestingNode node = TestingNode.of("10.4.0.0/28", 3, tenant.vmPort());
        String vms = tenant.network("others");
        tenant.subnet(vms, "172.30.0.0/24");
        String stranger =
                tenant.made("port", Map.of("network_id", vms)).path("id").asString();
        String trunk = tenant.made(
                        "trunk",
                        Map.of(
                                "port_id",
                                node.parent(),
                                "sub_ports",
                                List.of(Map.of(
                                        "port_id", stranger, "segmentation_type", "vlan", "segmentation_id", 200))))
                .path("id")
                .asString();
        try (SdnBackend sdn = backend(node, tenant)) {
            node.make(sdn);
            assertThat(sdn.ports().list(node.node()))
                    .extracting(SdnPort::nesting)
                    .containsExactlyInAnyOrderElementsOf(
                            node.ports().stream().map(PortSpec::nesting).toList());
            assertThat(refused(() -> sdn.ports().ensure(node.node(), List.of(node.port(0, 200))), Reason.CONFLICT))
                    .hasMessageContaining("tag 200")
                    .hasMessageContaining(stranger);
            node.unmake(sdn);
        }
        List<JsonNode> left = tenant.api().inventory(tenant.id()).all("trunks");
        assertThat(left).singleElement().satisfies(found -> {
            assertThat(found.path("id").asString()).isEqualTo(trunk);
            assertThat(found.at("/sub_ports/0/port_id").asString()).isEqualTo(stranger);
            assertThat(found.path("sub_ports")).hasSize(1);
        });
    }

    @Test
    void whatSomebodyChangedIsMended() {
        Tenant tenant = tenant("tampered");
        TestingNode node = TestingNode.of("10.4.0.0/28", 5, tenant.vmPort());
        String otherVm = tenant.vmPort();
        try (SdnBackend sdn = backend(node, tenant)) {
            Map<PortId, String> ids = ids(node.make(sdn));
            String trunk = tenant.api().inventory(tenant.id()).ids("trunks").getFirst();
            tenant.api().network().put("/ports/" + ids.get(node.ids().get(0)), "{\"port\":{\"admin_state_up\":false}}");
            removeFromTrunk(tenant, trunk, ids.get(node.ids().get(1)));
            removeFromTrunk(tenant, trunk, ids.get(node.ids().get(2)));
            tenant.api().network().delete("/ports/" + ids.get(node.ids().get(2)));
            removeFromTrunk(tenant, trunk, ids.get(node.ids().get(3)));
            tenant.api()
                    .network()
                    .put(
                            "/trunks/%s/add_subports".formatted(trunk),
                            "{\"sub_ports\":[{\"port_id\":\"%s\",\"segmentation_type\":\"vlan\",\"segmentation_id\":999}]}"
                                    .formatted(ids.get(node.ids().get(3))));
            tenant.api()
                    .network()
                    .put(
                            "/ports/" + ids.get(node.ids().get(4)),
                            "{\"port\":{\"fixed_ips\":[{\"subnet_id\":\"%s\",\"ip_address\":\"10.4.0.14\"}]}}"
                                    .formatted(pods(tenant)
                                            .getFirst()
                                            .at("/fixed_ips/0/subnet_id")
                                            .asString()));

            Map<PortId, SdnPort> seen = new java.util.HashMap<>();
            sdn.ports().list(node.node()).forEach(port -> seen.put(port.id(), port));
            assertThat(seen).hasSize(4);
            assertThat(seen.get(node.ids().get(0)).fault()).contains("administratively down");
            assertThat(seen.get(node.ids().get(1)).nesting()).isNull();
            assertThat(seen.get(node.ids().get(3)).nesting().tag().id()).isEqualTo(999);
            assertThat(seen.get(node.ids().get(4)).addresses()).containsExactly(IpAddress.parse("10.4.0.14"));

            Map<PortId, String> after = ids(sdn.ports().ensure(node.node(), node.ports()));
            assertComplete(node, tenant);
            for (int kept : List.of(0, 1, 3)) {
                assertThat(after.get(node.ids().get(kept)))
                        .isEqualTo(ids.get(node.ids().get(kept)));
            }
            assertThat(sdn.ports().list(node.node())).allMatch(port -> port.fault() == null);

            TestingNode moved = node.under(otherVm);
            assertThat(ids(sdn.ports().ensure(node.node(), moved.ports()))).isEqualTo(after);
            assertComplete(moved, tenant);
            assertThat(tenant.api().inventory(tenant.id()).all("trunks")).hasSize(1);
            moved.unmake(sdn);
        }
    }

    private static Map<PortId, String> ids(List<SdnPort> ports) {
        Map<PortId, String> ids = new java.util.HashMap<>();
        ports.forEach(port -> ids.put(port.id(), port.backendId()));
        return ids;
    }

    private static void removeFromTrunk(Tenant tenant, String trunk, String port) {
        tenant.api()
                .network()
                .put(
                        "/trunks/%s/remove_subports".formatted(trunk),
                        "{\"sub_ports\":[{\"port_id\":\"%s\"}]}".formatted(port));
    }

    @Test
    void aBindingProfileNeedsTheCloudsPolicy() {
        Tenant without = tenant("unprivileged");
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, without.vmPort()).by(Way.BINDING_PROFILE);
        try (SdnBackend sdn = backend(node, without)) {
            assertThat(sdn.nesting()).contains(Way.BINDING_PROFILE);
            node.makeSwitch(sdn);
            refused(() -> sdn.ports().ensure(node.node(), node.ports()), Reason.NOT_ALLOWED);
            assertThat(pods(without)).isEmpty();
            node.unmake(sdn);
        }
        Tenant with = tenantWithProfiles("privileged");
        TestingNode allowed = node.under(with.vmPort());
        try (SdnBackend sdn = backend(allowed, with)) {
            List<SdnPort> made = allowed.make(sdn);
            assertComplete(allowed, with);
            assertThat(sdn.ports().list(node.node()))
                    .extracting(SdnPort::nesting)
                    .containsExactlyInAnyOrderElementsOf(
                            allowed.ports().stream().map(PortSpec::nesting).toList());
            List<PortSpec> retagged = List.of(allowed.port(0, 300));
            assertThat(sdn.ports().ensure(node.node(), retagged).getFirst().backendId())
                    .isEqualTo(ids(made).get(allowed.ids().getFirst()));
            assertThat(sdn.ports().list(node.node()))
                    .anyMatch(port -> port.nesting().equals(retagged.getFirst().nesting()));
            allowed.unmake(sdn);
        }
    }

    @Test
    void aQuotaThatIsUsedUpIsSaidAndNothingIsHalfMade() {
        Tenant tenant = tenant("poor");
        TestingNode node = TestingNode.of("10.4.0.0/27", 10, tenant.vmPort());
        try (SdnBackend sdn = backend(node, tenant)) {
            node.makeSwitch(sdn);
            quota(tenant, "port", 8);
            assertThat(refused(() -> sdn.ports().ensure(node.node(), node.ports()), Reason.QUOTA_EXCEEDED))
                    .hasMessageContaining("OverQuota")
                    .hasMessageContaining("req-");
            assertThat(pods(tenant)).isEmpty();
            assertThat(sdn.ports().ensure(node.node(), node.ports().subList(0, 4)))
                    .hasSize(4);
            quota(tenant, "port", -1);
            assertThat(sdn.ports().ensure(node.node(), node.ports())).hasSize(10);
            assertComplete(node, tenant);
            node.unmake(sdn);
        }
    }

    @Test
    void addressesThatTheCloudLostAreSaidToBeLost() {
        Tenant tenant = tenant("leaky");
        TestingNode node = TestingNode.of("10.4.0.0/28", 6, tenant.vmPort());
        try (SdnBackend sdn = backend(node, tenant)) {
            node.makeSwitch(sdn);
            leak(tenant, node.subnet().cidr(), 3);
            List<SdnPort> made = sdn.ports().ensure(node.node(), node.ports());
            assertThat(made).hasSize(6);
            assertThat(made.stream().filter(port -> port.fault() != null))
                    .hasSize(3)
                    .allMatch(port -> port.fault().contains("leaked") && !port.ready());
            assertThat(pods(tenant)).hasSize(3);
            assertThat(sdn.ports().list(node.node())).hasSize(3).allMatch(port -> port.fault() == null);

            sdn.ports().delete(node.node(), node.ids());
            sdn.topology().deleteSwitch(node.node());
            node.make(sdn);
            assertComplete(node, tenant);
            node.unmake(sdn);
        }
    }

    /** As somebody's bulk call leaks them that fails at its end. */
    private static void leak(Tenant tenant, Cidr cidr, int count) {
        JsonNode subnet = tenant.api().network().get("/subnets?cidr=" + cidr).at("/subnets/0");
        List<Object> ports = new ArrayList<>();
        for (int i = 0; i <= count; i++) {
            String address = cidr.address(i == count ? 2 : 2 + i).toString();
            ports.add(Map.of(
                    "network_id",
                    subnet.path("network_id").asString(),
                    "fixed_ips",
                    List.of(Map.of("subnet_id", subnet.path("id").asString(), "ip_address", address))));
        }
        assertThat(tenant.api()
                        .network()
                        .call("POST", "/ports", Map.of("ports", ports), Map.of())
                        .status())
                .isEqualTo(409);
    }

    @Test
    void anExternalNetworkIsFoundByNameAndById() {
        String id = externalNetwork("outside", "198.51.100.0/29");
        Tenant tenant = tenant("outgoing");
        TestingNode node = TestingNode.of("10.4.0.0/28", 0, "none");
        List<Cidr> pods = TestingNode.ROUTER.podCidrs();
        RouterSpec named = new RouterSpec(TestingNode.ROUTER.cluster(), pods, "outside");
        RouterSpec byId = new RouterSpec(TestingNode.ROUTER.cluster(), pods, id);
        RouterSpec unknown = new RouterSpec(TestingNode.ROUTER.cluster(), pods, "nowhere");
        try (SdnBackend sdn = backend(node, tenant)) {
            refused(() -> sdn.topology().ensureRouter(unknown), Reason.EXTERNAL_NETWORK_UNKNOWN);
            assertThat(sdn.topology().ownRouter()).isEmpty();
            String router = sdn.topology().ensureRouter(TestingNode.ROUTER).id();
            assertThat(sdn.topology().ensureRouter(named).id()).isEqualTo(router);
            assertThat(tenant.api()
                            .network()
                            .get("/routers/" + router)
                            .at("/router/external_gateway_info/network_id")
                            .asString())
                    .isEqualTo(id);
            assertThat(sdn.topology().ensureRouter(byId).id()).isEqualTo(router);

            String adopted = tenant.router("theirs");
            refused(() -> sdn.topology().adoptRouter(adopted, named), Reason.CONFLICT);
            tenant.api()
                    .network()
                    .put(
                            "/routers/" + adopted,
                            Map.of("router", Map.of("external_gateway_info", Map.of("network_id", id))));
            assertThat(sdn.topology().adoptRouter(adopted, named).id()).isEqualTo(adopted);
            RouterSpec overlapping =
                    new RouterSpec(TestingNode.ROUTER.cluster(), List.of(Cidr.parse("198.51.0.0/16")), null);
            refused(() -> sdn.topology().adoptRouter(adopted, overlapping), Reason.SUBNET_OVERLAP);
            tenant.api().network().delete("/routers/" + adopted);
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void anExternalNetworkWithoutAddressesHasNoCapacity() {
        externalNetwork("full", "203.0.113.0/30");
        Tenant tenant = tenant("late");
        RouterSpec spec = new RouterSpec(TestingNode.ROUTER.cluster(), TestingNode.ROUTER.podCidrs(), "full");
        TestingNode first = TestingNode.of("10.4.0.0/28", 0, "none");
        TestingNode second = TestingNode.of("10.4.0.0/28", 0, "none");
        try (SdnBackend one = backend(first, tenant);
                SdnBackend two = backend(second, tenant)) {
            one.topology().ensureRouter(spec);
            refused(() -> two.topology().ensureRouter(spec), Reason.NO_CAPACITY);
            assertThat(two.topology().ownRouter()).isEmpty();
            one.topology().deleteRouter();
            two.topology().ensureRouter(spec);
            two.topology().deleteRouter();
        }
    }

    @Test
    void aSubnetThatOverlapsBehindTheRouterIsNamed() {
        Tenant tenant = tenant("crowded");
        TestingNode node = TestingNode.of("10.4.0.0/26", 1, tenant.vmPort());
        try (SdnBackend sdn = backend(node, tenant)) {
            String router = sdn.topology().ensureRouter(TestingNode.ROUTER).id();
            String behind = tenant.subnet(tenant.network("behind"), "10.4.0.0/24");
            tenant.attach(router, behind);
            assertThat(refused(() -> sdn.topology().ensureSwitch(node.spec(router)), Reason.SUBNET_OVERLAP))
                    .hasMessageContaining("10.4.0.0/26")
                    .hasMessageContaining("10.4.0.0/24")
                    .hasMessageContaining(behind);
            tenant.api()
                    .network()
                    .put("/routers/%s/remove_router_interface".formatted(router), Map.of("subnet_id", behind));
            assertThat(sdn.topology().ensureSwitch(node.spec(router))).isEqualTo(Ensured.MENDED);
            node.unmake(sdn);
        }
    }

    @Test
    void aParentPortIsThereAndOurs() {
        Tenant tenant = tenant("owner");
        Tenant other = tenant("other");
        String foreign = other.vmPort();
        String unknown = "ab0e1a7e-0000-4000-8000-00000000dead";
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, unknown);
        try (SdnBackend sdn = backend(node, tenant)) {
            node.makeSwitch(sdn);
            for (TestingNode each : List.of(node, node.under(foreign), node.under("no/port"))) {
                assertThat(refused(() -> sdn.ports().ensure(each.node(), each.ports()), Reason.PARENT_PORT_UNKNOWN))
                        .hasMessageContaining(each.parent());
            }
            assertThat(pods(tenant)).isEmpty();
            String shared = tenant.network("lent");
            tenant.subnet(shared, "172.31.0.0/24");
            tenant.api()
                    .network()
                    .post(
                            "/rbac-policies",
                            Map.of(
                                    "rbac_policy",
                                    Map.of(
                                            "action",
                                            "access_as_shared",
                                            "object_type",
                                            "network",
                                            "object_id",
                                            shared,
                                            "target_tenant",
                                            other.id())));
            String lent =
                    other.made("port", Map.of("network_id", shared)).path("id").asString();
            refused(() -> sdn.ports().ensure(node.node(), node.under(lent).ports()), Reason.PARENT_PORT_FOREIGN);
            node.unmake(sdn);
        }
    }

    @Test
    void whoIsNotLetInIsToldSoWithoutThePassword() {
        Tenant tenant = tenant("forgetful");
        CloudLogin.Password right = (CloudLogin.Password) tenant.login().identity();
        CloudLogin wrong = new CloudLogin(
                tenant.login().authUrl(),
                new CloudLogin.Password(right.user(), "not-the-pass-word", right.project()),
                tenant.login().region());
        try (SdnBackend sdn = backends.backend(ClusterId.random(), Tenant.target(wrong), null)) {
            for (int i = 0; i < 3; i++) {
                assertThat(refused(sdn::check, Reason.NOT_AUTHENTICATED))
                        .hasMessageContaining(right.user())
                        .hasMessageNotContaining("not-the-pass-word");
            }
        }
        try (SdnBackend sdn = backends.backend(
                ClusterId.random(), Tenant.target(tenant.login().inRegion("Nowhere")), null)) {
            assertThat(refused(sdn::check, Reason.NOT_FOUND))
                    .hasMessageContaining("Nowhere")
                    .hasMessageContaining(CloudLogin.FIRST_REGION);
        }
        try (SdnBackend sdn =
                backends.backend(ClusterId.random(), Tenant.target(applicationCredential(tenant)), null)) {
            sdn.check();
            assertThat(sdn.nesting()).contains(Way.TRUNK);
        }
    }

    @Test
    void aStaleWriteIsRefusedAndDoneAgainOnWhatIsThere() {
        Tenant tenant = tenant("racing");
        TestingNode node = TestingNode.of("10.4.0.0/28", 1, tenant.vmPort());
        try (SdnBackend sdn = proxied(node, tenant)) {
            String id = node.make(sdn).getFirst().backendId();
            tenant.api().network().put("/ports/" + id, "{\"port\":{\"admin_state_up\":false}}");
            proxy().on("PUT", ".*/ports/" + id)
                    .times(1)
                    .before(call -> tenant.api().network().put("/ports/" + id, "{\"port\":{\"name\":\"meanwhile\"}}"));
            proxy().forgetCalls();
            assertThat(sdn.ports().ensure(node.node(), node.ports()).getFirst().fault())
                    .isNull();
            await().untilAsserted(() -> assertThat(proxy().calls("PUT", ".*/ports/" + id))
                    .extracting(FaultyProxy.Call::status)
                    .containsExactly(412, 200));
            JsonNode port = tenant.api().network().get("/ports/" + id).path("port");
            assertThat(port.path("name").asString()).isEqualTo("meanwhile");
            assertThat(port.path("admin_state_up").asBoolean()).isTrue();
            node.unmake(sdn);
        }
    }

    @Test
    void aCloudThatIsBusyIsToldApartFromOneThatRefuses() {
        Tenant tenant = tenant("patient");
        TestingNode node = TestingNode.of("10.4.0.0/28", 1, tenant.vmPort());
        try (SdnBackend sdn = proxied(node, tenant)) {
            sdn.check();
            proxy().on("GET", ".*").times(1).answer(429, Map.of("Retry-After", "7"));
            assertThatThrownBy(sdn::check)
                    .isInstanceOfSatisfying(
                            Unavailable.class,
                            e -> assertThat(e.retryAfter()).contains(java.time.Duration.ofSeconds(7)));
            for (int status : List.of(500, 502, 503, 504)) {
                proxy().on("GET", ".*").times(1).answer(status);
                assertThatThrownBy(sdn::check).isInstanceOf(Unavailable.class).hasMessageContaining("" + status);
            }
            proxy().on("GET", ".*").times(1).answer(401);
            sdn.check();
            proxy().on("GET", ".*").times(2).answer(401);
            refused(sdn::check, Reason.NOT_AUTHENTICATED);
            sdn.check();
            proxy().refuse();
            assertThatThrownBy(sdn.topology()::ownSwitches).isInstanceOf(Unavailable.class);
            assertThatThrownBy(() -> sdn.topology().deleteSwitch(node.node())).isInstanceOf(SdnFailure.class);
        }
    }
}
