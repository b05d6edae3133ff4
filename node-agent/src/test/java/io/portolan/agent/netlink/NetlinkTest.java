package io.portolan.agent.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every change is checked against what {@code ip} and {@code ethtool} see. */
class NetlinkTest {
    private static final MacAddress MAC = MacAddress.parse("0a:58:0a:04:00:07");
    private static final InterfaceAddress ADDRESS = new InterfaceAddress(IpAddress.parse("10.4.0.7"), 24);
    private static final IpAddress GATEWAY = IpAddress.parse("10.4.0.1");
    private static final InterfaceAddress ADDRESS6 = new InterfaceAddress(IpAddress.parse("fd00:4::7"), 64);
    private static final IpAddress GATEWAY6 = IpAddress.parse("fd00:4::1");

    private final TestingNamespace hostSide = TestingNamespace.create();
    private final TestingNamespace podSide = TestingNamespace.create();
    private final NetworkNamespace hostNamespace = hostSide.open();
    private final NetworkNamespace podNamespace = podSide.open();
    private final Netlink host = Netlink.in(hostNamespace);
    private final Netlink pod = Netlink.in(podNamespace);

    @AfterEach
    void cleanUp() {
        host.close();
        pod.close();
        hostNamespace.close();
        podNamespace.close();
        hostSide.close();
        podSide.close();
    }

    @Test
    void aVethIsCreatedWithBothEndsHere() {
        host.apply(Change.createVeth("va", "vb", 1400, MAC));

        Link a = host.link("va").orElseThrow();
        Link b = host.link("vb").orElseThrow();
        assertThat(a.kind()).isEqualTo("veth");
        assertThat(a.peerIndex()).isEqualTo(b.index());
        assertThat(b).isEqualTo(new Link(b.index(), "vb", "veth", Optional.of(MAC), 1400, false, false, a.index(), ""));
        assertThat(host.link(b.index())).contains(b);
        assertThat(host.links()).contains(a, b);
        assertThat(hostSide.ip("-d", "link", "show", "vb"))
                .contains("vb@va", "mtu 1400", "0a:58:0a:04:00:07", "veth", "state DOWN");
    }

    @Test
    void aVethIsCreatedWithItsPeerStraightInAnotherNamespace() {
        host.apply(Change.createVeth("va", "eth0", 1400, MAC, podNamespace));

        assertThat(host.link("eth0")).isEmpty();
        Link eth0 = pod.link("eth0").orElseThrow();
        assertThat(eth0.mac()).contains(MAC);
        assertThat(eth0.mtu()).isEqualTo(1400);
        assertThat(eth0.peerIndex()).isEqualTo(host.link("va").orElseThrow().index());
        assertThat(podSide.has("eth0")).isTrue();
    }

    @Test
    void whatIsNotThereIsReadAsEmpty() {
        assertThat(host.link("nothing")).isEmpty();
        assertThat(host.link(987_654)).isEmpty();
        assertThat(host.links()).extracting(Link::name).contains("lo");
        assertThat(host.link("lo").orElseThrow().mac()).isEmpty();
    }

    @Test
    void aLinkIsChanged() {
        Link link = veth("va", "vb");

        host.apply(
                Change.mac(link, MAC),
                Change.mtu(link, 1342),
                Change.rename(link, "vz"),
                Change.alias(link, "port 7"),
                Change.up(link),
                Change.up(host.link("vb").orElseThrow()));

        Link changed = host.link("vz").orElseThrow();
        assertThat(changed)
                .isEqualTo(new Link(
                        link.index(), "vz", "veth", Optional.of(MAC), 1342, true, true, link.peerIndex(), "port 7"));
        assertThat(hostSide.ip("link", "show", "vz"))
                .contains("mtu 1342", MAC.toString(), "alias port 7", "LOWER_UP", "state UP");

        host.apply(Change.down(changed), Change.alias(changed, ""));

        assertThat(host.link("vz").orElseThrow().up()).isFalse();
        assertThat(hostSide.ip("link", "show", "vz")).contains("state DOWN").doesNotContain("alias");
    }

    @Test
    void aLinkIsDeletedWithItsPeerByNameAndByIndex() {
        veth("va", "vb");
        host.apply(Change.delete("va"));
        assertThat(host.links()).extracting(Link::name).doesNotContain("va", "vb");

        Link link = veth("vc", "vd");
        host.apply(Change.delete(link));
        assertThat(hostSide.has("vc")).isFalse();
        assertThat(hostSide.has("vd")).isFalse();
    }

    @Test
    void aPodsEndIsConfiguredInOneBatch() {
        veth("va", "vb");
        host.apply(Change.up(host.link("va").orElseThrow()));
        Link eth0 = host.moveTo(host.link("vb").orElseThrow(), pod, "eth0");
        Cidr services = Cidr.parse("10.96.0.0/12");
        Cidr onLink = Cidr.parse("192.0.2.0/24");

        pod.apply(
                Change.mac(eth0, MAC),
                Change.addAddress(eth0, ADDRESS),
                Change.up(eth0),
                Change.addRoute(eth0, Route.defaultVia(GATEWAY)),
                Change.addRoute(eth0, Route.via(services, GATEWAY)),
                Change.addRoute(eth0, Route.onLink(onLink)));

        assertThat(pod.addresses(eth0)).contains(ADDRESS);
        assertThat(pod.routes(eth0))
                .filteredOn(route -> route.destination().family() == IpAddress.Family.IPV4)
                .containsExactlyInAnyOrder(
                        Route.defaultVia(GATEWAY),
                        Route.via(services, GATEWAY),
                        Route.onLink(onLink),
                        Route.onLink(ADDRESS.subnet()));
        assertThat(podSide.ip("addr", "show", "eth0")).contains("inet 10.4.0.7/24 brd 10.4.0.255", MAC.toString());
        assertThat(podSide.ip("route"))
                .contains(
                        "default via 10.4.0.1 dev eth0",
                        "10.96.0.0/12 via 10.4.0.1 dev eth0",
                        "192.0.2.0/24 dev eth0 proto static scope link");
    }

    @Test
    void ipv6WorksTheSame() {
        veth("va", "vb");
        host.apply(Change.up(host.link("va").orElseThrow()));
        Link eth0 = host.moveTo(host.link("vb").orElseThrow(), pod, "eth0");
        Route specific = Route.via(Cidr.parse("fd00:96::/64"), GATEWAY6);

        pod.apply(
                Change.addAddress(eth0, ADDRESS6),
                Change.up(eth0),
                Change.addRoute(eth0, Route.defaultVia(GATEWAY6)),
                Change.addRoute(eth0, specific));

        assertThat(pod.addresses(eth0)).contains(ADDRESS6);
        assertThat(pod.routes(eth0)).contains(Route.defaultVia(GATEWAY6), specific, Route.onLink(ADDRESS6.subnet()));
        assertThat(podSide.ip("-6", "addr", "show", "eth0"))
                .contains("inet6 fd00:4::7/64")
                .doesNotContain("fd00:4::7/64 scope global tentative");
        assertThat(podSide.ip("-6", "route")).contains("default via fd00:4::1 dev eth0");

        pod.apply(Change.removeRoute(eth0, specific), Change.removeAddress(eth0, ADDRESS6));
        assertThat(pod.addresses(eth0)).doesNotContain(ADDRESS6);
        assertThat(podSide.ip("-6", "route")).doesNotContain("fd00:96::");
    }

    @Test
    void aGatewayOutsideTheSubnetNeedsToBeOnlink() {
        Link link = veth("va", "vb");
        IpAddress outside = IpAddress.parse("169.254.1.1");
        host.apply(
                Change.addAddress(link, new InterfaceAddress(IpAddress.parse("10.4.0.7"), 32)),
                Change.up(link),
                Change.up(host.link("vb").orElseThrow()));

        NetlinkException refusal = refusal(Change.addRoute(link, Route.defaultVia(outside)));
        assertThat(refusal.errno()).isEqualTo(Errno.ENETUNREACH);

        Route onlink = Route.defaultVia(outside).withGatewayOnlink();
        host.apply(Change.addRoute(link, onlink));
        assertThat(host.routes(link)).contains(onlink);
        assertThat(hostSide.ip("route")).contains("default via 169.254.1.1 dev va proto static onlink");
    }

    @Test
    void movingInAndOutKeepsMacMtuAliasAndOffloadsAndDropsAddresses() {
        host.apply(Change.createVeth("va", "vb", 1400, MAC));
        Link spare = host.link("vb").orElseThrow();
        host.turnOffloadsOff(spare);
        host.apply(Change.alias(spare, "spare 7"), Change.up(spare));

        Link eth0 = host.moveTo(spare, pod, "eth0");
        assertThat(eth0.mac()).contains(MAC);
        assertThat(eth0.mtu()).isEqualTo(1400);
        assertThat(eth0.alias()).isEqualTo("spare 7");
        assertThat(eth0.up()).isFalse();
        assertThat(hostSide.has("vb")).isFalse();
        assertThat(podSide.has("eth0")).isTrue();
        pod.apply(Change.addAddress(eth0, ADDRESS), Change.up(eth0));

        Link back = pod.moveTo(eth0, host, "vb");
        assertThat(back.mac()).contains(MAC);
        assertThat(back.alias()).isEqualTo("spare 7");
        assertThat(host.addresses(back)).isEmpty();
        assertThat(podSide.has("eth0")).isFalse();
        assertThat(hostSide.exec("ethtool", "-k", "vb"))
                .contains("tx-checksumming: off", "tcp-segmentation-offload: off");
    }

    @Test
    void movingWorksWhenTheOldNameIsTakenThere() {
        Link link = veth("eth1", "vb");
        podSide.ip("link", "add", "eth1", "type", "bridge");

        Link moved = host.moveTo(link, pod, "eth0");

        assertThat(moved.kind()).isEqualTo("veth");
        assertThat(pod.link("eth1").orElseThrow().kind()).isEqualTo("bridge");
    }

    @Test
    void aMoveToATakenNameLeavesTheLinkWhereItWas() {
        Link link = veth("va", "vb");
        podSide.ip("link", "add", "eth0", "type", "bridge");

        assertThatThrownBy(() -> host.moveTo(link, pod, "eth0"))
                .isInstanceOfSatisfying(NetlinkException.class, refusal -> {
                    assertThat(refusal.alreadyThere()).isTrue();
                    assertThat(refusal.subject()).isEqualTo("va");
                    assertThat(refusal.operation()).startsWith("move to " + podSide.path() + " as eth0");
                });

        assertThat(host.link("va").orElseThrow().kind()).isEqualTo("veth");
        assertThat(pod.link("va")).isEmpty();
        assertThat(pod.link("eth0").orElseThrow().kind()).isEqualTo("bridge");
    }

    @Test
    void aMoveInTwoStepsEndsTheSame() {
        Link link = veth("va", "vb");
        assertThat(host.moveInTwoSteps(link, pod, "eth0").name()).isEqualTo("eth0");
        assertThat(podSide.has("eth0")).isTrue();

        Link other = veth("vc", "vd");
        assertThatThrownBy(() -> host.moveInTwoSteps(other, pod, "eth0"))
                .isInstanceOfSatisfying(
                        NetlinkException.class,
                        refusal -> assertThat(refusal.alreadyThere()).isTrue());
        assertThat(host.link("vc")).isPresent();
        assertThat(pod.link("vc")).isEmpty();
    }

    @Test
    void aMoveOfWhatIsGoneIsRefused() {
        Link link = veth("va", "vb");
        host.apply(Change.delete(link));

        assertThatThrownBy(() -> host.moveTo(link, pod, "eth0"))
                .isInstanceOfSatisfying(
                        NetlinkException.class,
                        refusal -> assertThat(refusal.notThere()).isTrue());
    }

    @Test
    void repeatingIsToldByAlreadyThereAndNotThere() {
        Link link = veth("va", "vb");
        host.apply(Change.up(link), Change.up(host.link("vb").orElseThrow()));
        Route route = Route.defaultVia(GATEWAY);
        Change[] additions = {Change.addAddress(link, ADDRESS), Change.addRoute(link, route)};
        Change[] removals = {Change.removeRoute(link, route), Change.removeAddress(link, ADDRESS), Change.delete(link)};

        host.apply(additions);
        for (Change addition : additions) {
            assertThat(refusal(addition).alreadyThere()).isTrue();
        }
        assertThat(refusal(Change.createVeth("va", "vx", 1400, MAC)).alreadyThere())
                .isTrue();
        host.applyTolerating(NetlinkException::alreadyThere, additions);
        host.apply(Change.up(link), Change.up(link));

        host.apply(removals);
        for (Change removal : removals) {
            assertThat(refusal(removal).notThere()).isTrue();
        }
        host.applyTolerating(NetlinkException::notThere, removals);
        assertThat(refusal(Change.up(link)).notThere()).isTrue();
        assertThat(refusal(Change.delete("va")).errno()).isEqualTo(Errno.ENODEV);
    }

    @Test
    void aRefusalSaysWhatTheKernelSays() {
        Link link = veth("va", "vb");

        NetlinkException refusal = refusal(Change.mtu(link, 70_000));

        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.operation()).isEqualTo("set mtu 70000");
        assertThat(refusal.subject()).isEqualTo("va");
        assertThat(refusal.kernelMessage()).isEqualTo("mtu greater than device maximum");
        assertThat(refusal).hasMessage("set mtu 70000 va: EINVAL (mtu greater than device maximum)");
    }

    @Test
    void aBatchTriesEverythingAndThrowsTheFirstRefusalWithTheOthers() {
        Link link = veth("va", "vb");

        NetlinkException refusal = refusal(
                Change.alias(link, "before"),
                Change.mtu(link, 70_000),
                Change.addAddress(link, ADDRESS),
                Change.delete("nothing"),
                Change.up(link));

        assertThat(refusal.operation()).isEqualTo("set mtu 70000");
        assertThat(refusal.getSuppressed())
                .singleElement()
                .isInstanceOfSatisfying(
                        NetlinkException.class,
                        other -> assertThat(other.subject()).isEqualTo("nothing"));
        assertThat(host.link("va").orElseThrow().alias()).isEqualTo("before");
        assertThat(host.link("va").orElseThrow().up()).isTrue();
        assertThat(host.addresses(link)).contains(ADDRESS);
    }

    @Test
    void listsLargerThanOneDatagramAndBatchesLargerThanOneWriteAreWhole() {
        Link link = veth("va", "vb");
        Change[] changes = new Change[500];
        for (int i = 0; i < changes.length; i++) {
            changes[i] = Change.addAddress(
                    link, new InterfaceAddress(Cidr.parse("10.8.0.0/16").address(i + 1), 16));
        }

        host.apply(changes);

        assertThat(host.addresses(link)).hasSize(500).doesNotHaveDuplicates();
        assertThat(hostSide.ip("-o", "-4", "addr", "show", "va").lines()).hasSize(500);
    }

    @Test
    void flushLeavesNothing() {
        Link link = veth("va", "vb");
        host.apply(
                Change.up(link),
                Change.up(host.link("vb").orElseThrow()),
                Change.addAddress(link, ADDRESS),
                Change.addAddress(link, ADDRESS6),
                Change.addRoute(link, Route.defaultVia(GATEWAY)),
                Change.addRoute(link, Route.onLink(Cidr.parse("192.0.2.0/24"))));

        host.flush(link);
        host.flush(link);

        assertThat(host.addresses(link)).isEmpty();
        assertThat(host.routes(link))
                .filteredOn(route -> route.destination().family() == IpAddress.Family.IPV4)
                .isEmpty();
        assertThat(hostSide.ip("-4", "route")).isBlank();
        assertThat(hostSide.ip("addr", "show", "va")).doesNotContain("inet ");
    }

    @Test
    void offloadsAreTurnedOffAsEthtoolDoesIt() {
        Link mine = veth("va", "vb");
        hostSide.exec("ethtool", "-K", "vb", "tx", "off", "tso", "off", "gso", "off", "gro", "off");

        host.turnOffloadsOff(mine);
        host.turnOffloadsOff(mine);

        assertThat(features("va")).isEqualTo(features("vb")).contains("tx-checksum-ip-generic: off");
        assertThatThrownBy(() -> {
                    host.apply(Change.delete(mine));
                    host.turnOffloadsOff(mine);
                })
                .isInstanceOfSatisfying(
                        NetlinkException.class,
                        refusal -> assertThat(refusal.notThere()).isTrue());
    }

    @Test
    void aVethDiesWithItsNamespaceUnlessThatIsHeldOpen() {
        Link va = veth("va", "vb");
        host.moveTo(host.link("vb").orElseThrow(), pod, "eth0");
        podSide.close();

        assertThat(pod.link("eth0")).isPresent();
        Link back = pod.moveTo(pod.link("eth0").orElseThrow(), host, "vb");
        assertThat(back.peerIndex()).isEqualTo(va.index());

        host.moveTo(back, pod, "eth0");
        pod.close();
        podNamespace.close();
        await().atMost(Duration.ofSeconds(60)).until(() -> host.link("va").isEmpty());
    }

    @Test
    void namesThatTheKernelWouldTwistAreRefusedBeforehand() {
        for (String name : List.of("", "sixteen-letters-", "a/b", "a b", ".", "..", "eth%d", "a:b")) {
            assertThatThrownBy(() -> Change.delete(name)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aClosedSocketSaysSo() {
        host.close();
        host.close();

        assertThatThrownBy(host::links).isInstanceOf(IllegalStateException.class);
    }

    private Link veth(String name, String peer) {
        host.apply(Change.createVeth(name, peer, 1400, MAC));
        return host.link(name).orElseThrow();
    }

    private NetlinkException refusal(Change... changes) {
        return catchThrowableOfType(NetlinkException.class, () -> host.apply(changes));
    }

    private List<String> features(String name) {
        return hostSide.exec("ethtool", "-k", name)
                .lines()
                .skip(1)
                .map(line -> line.replace(" [not requested]", "").strip())
                .toList();
    }
}
