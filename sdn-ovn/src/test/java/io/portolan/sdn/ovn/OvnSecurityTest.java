package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnSecurity.Taken;
import io.portolan.sdn.SdnSecurityContract;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on a real OVN, and what only OVN's rows show. */
class OvnSecurityTest extends SdnSecurityContract {
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        central = OvnCentral.in(workspace).start();
        northbound = new TestingCentral(central.northbound().unixRemote());
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        return northbound.backend(cluster);
    }

    @Override
    protected SdnBackend unreachable(ClusterId cluster) {
        return new OvnBackends(Duration.ofMillis(300))
                .backend(cluster, "unix:" + workspace.directory().resolve("nobody.sock"), null);
    }

    @Override
    protected String foreignGroup() {
        throw new AssertionError("no group can be adopted here");
    }

    @Override
    protected Object everything() {
        return northbound.dump();
    }

    @Test
    void whatAPolicyAndAProfileAllowTogetherGoesWhenTwoLooksFindNoPortInBoth() {
        ClusterId cluster = ClusterId.random();
        Mark mark = new Mark(cluster);
        Northbound same = new Northbound(northbound.client(), "the same database");
        PolicyGroups groups = new PolicyGroups(same, mark, new PolicyRows(same, mark), new IdlePairs(Duration.ZERO));
        try (SdnBackend sdn = backend(cluster)) {
            Place place = place(sdn, 2);
            sdn.security().close(List.of(place.node()));
            ProfileId only = id();
            String web = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 80, anyone())));
            String db = ensure(sdn, profile(id(), allow(Direction.INGRESS, Protocol.TCP, 81, anyone())));
            String name = ensure(sdn, policy(only, 80, "10.4.7.9/32"));
            long alone = acls();
            place.bind(0, web, name);
            place.bind(1, web);
            long both = acls();
            assertThat(both).isGreaterThan(alone);
            groups.tidy();
            groups.tidy();
            assertThat(acls()).as("a port is in both").isEqualTo(both);
            place.bind(0, web);
            groups.tidy();
            assertThat(acls()).as("one look").isEqualTo(both);
            place.bind(1, web, name);
            groups.tidy();
            place.bind(1, db);
            groups.tidy();
            assertThat(acls()).as("one look since").isEqualTo(both);
            groups.tidy();
            assertThat(acls()).isEqualTo(alone);
            place.bind(0, web, name);
            assertThat(acls()).isEqualTo(both);
            place.leave();
        }
    }

    private static long acls() {
        return northbound.dump().getOrDefault("ACL", Map.of()).size();
    }

    private static Rule rule(Action action, int priority, Remote remote) {
        return new Rule(Direction.INGRESS, action, priority, Protocol.TCP, new PortRange(80, 90), remote, true);
    }

    private static long number() {
        return Long.parseLong(central.nbctl("get", "NB_Global", ".", "nb_cfg").strip());
    }

    /** {@code {group}}, {@code {switch}}, {@code {rule}}, {@code {closure}} stand for rows. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "set ACL {rule} action=drop",
                "set ACL {rule} match=ip",
                "set ACL {rule} priority=7 -- set ACL {rule} direction=from-lport",
                "set ACL {rule} log=false -- clear ACL {rule} name",
                "set ACL {rule} options:apply-after-lb=true",
                "remove ACL {rule} external_ids \"portolan:key\"",
                "remove Port_Group {group} acls {rule}",
                "clear Port_Group {group} acls",
                "set Port_Group {group} name=mine",
                "--type=port-group acl-add {name} to-lport 30000 ip allow",
                "set ACL {closure} action=allow",
                "set ACL {closure} priority=5",
                "clear ACL {closure} options",
                "remove Logical_Switch {switch} acls {closure}",
                "clear Logical_Switch {switch} acls",
                "create Port_Group name=copy external_ids:\"portolan:cluster\"=\"{cluster}\""
                        + " external_ids:\"portolan:key\"=\"profile:{profile}\"",
            })
    void whatSomebodyChangesIsMended(String command) {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = backend(cluster)) {
            Place place = place(sdn, 1);
            ProfileId id = id();
            ProfileSpec spec = profile(id, rule(Action.ALLOW, 5, anyone()));
            String name = ensure(sdn, spec);
            place.bind(0, name);
            var good = northbound.dump();
            String key = Key.of(Kind.SWITCH, place.node()).toString();
            central.nbctl(command.replace("{group}", id.toString())
                    .replace("{name}", name)
                    .replace("{profile}", id.toString())
                    .replace("{cluster}", cluster.toString())
                    .replace("{switch}", place.node().toString())
                    .replace(
                            "{rule}",
                            Key.of(
                                            Kind.RULE,
                                            Key.profile(id),
                                            spec.rules().getFirst().toString())
                                    .row()
                                    .toString())
                    .replace(
                            "{closure}",
                            Key.of(Kind.CLOSURE, Key.of(Kind.SWITCH, place.node()), "egress")
                                    .row()
                                    .toString())
                    .split(" "));
            assertThat(northbound.dump()).as("%s of %s", command, key).isNotEqualTo(good);
            ensure(sdn, spec);
            Taken closed = sdn.security().close(List.of(place.node()));
            assertThat(northbound.dump()).isEqualTo(good);
            assertThat(closed.mark()).isEqualTo(number());
            place.leave();
        }
    }

    @Test
    void whatOthersHaveOnTheSwitchStaysAndIsTold() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 2);
            String port = place.ports().getFirst().backendId();
            central.nbctl("acl-add", place.node().toString(), "to-lport", "31000", "udp", "allow");
            central.nbctl(
                    "--id=@acl create ACL direction=to-lport priority=9 match=ip action=allow -- create Port_Group name=theirs acls=@acl"
                            .split(" "));
            central.nbctl("pg-set-ports", "theirs", port);
            var before = northbound.dump();
            sdn.security().close(List.of(place.node()));
            assertThat(place.profiles(0)).containsExactly("theirs");
            place.bind(0);
            assertThat(place.profiles(0)).containsExactly("theirs");
            assertThat(place.profiles(1)).isEmpty();
            sdn.security().open();
            assertThat(northbound.dump()).isEqualTo(before);
            central.nbctl("pg-del", "theirs");
            place.leave();
        }
    }

    @Test
    void aBindClosesWhatIsOpenAndASwitchThatIsEnsuredStaysClosed() {
        TestingCluster cluster = TestingCluster.of("10.4.9.0/28", 1);
        try (SdnBackend sdn = backend(cluster.id())) {
            cluster.make(sdn);
            var open = northbound.dump();
            sdn.security()
                    .bind(List.of(new SdnSecurity.Binding(
                            cluster.ports().getFirst().id(),
                            cluster.node(),
                            cluster.ports().getFirst().id().toString(),
                            Set.of())));
            var closed = northbound.dump();
            assertThat(closed.get("Logical_Switch").get(cluster.node().value()).uuids("acls"))
                    .hasSize(6);
            cluster.make(sdn);
            assertThat(northbound.dump()).isEqualTo(closed);
            sdn.security().open();
            assertThat(northbound.dump()).isEqualTo(open);
            sdn.security().close(List.of(cluster.node()));
            ensure(sdn, profile(id(), rule(Action.DROP, 0, anyone())));
            cluster.unmake(sdn);
            assertThat(sdn.security().ownProfiles()).as("gone with the cluster").isEmpty();
        }
    }

    /** Half of them by another connection. Whoever is last, the port is never in both. */
    @Test
    void writersOfTheSamePortDoNotMixTheirSets() throws InterruptedException {
        ClusterId cluster = ClusterId.random();
        try (TestingCentral other = new TestingCentral(central.northbound().unixRemote());
                SdnBackend one = backend(cluster);
                SdnBackend two = other.backend(cluster)) {
            Place place = place(one, 2);
            Place same = place.by(two);
            String red = ensure(one, profile(id(), rule(Action.ALLOW, 1, anyone())));
            String blue = ensure(one, profile(id(), rule(Action.ALLOW, 2, anyone())));
            long before = number();
            Queue<Long> marks = new ConcurrentLinkedQueue<>();
            Queue<Set<String>> mixed = new ConcurrentLinkedQueue<>();
            AtomicBoolean done = new AtomicBoolean();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> writers = new ArrayList<>();
                for (Place writer : List.of(place, same, place, same)) {
                    writers.add(executor.submit(() -> {
                        for (int i = 0; i < 10; i++) {
                            marks.add(writer.bind(0, i % 2 == 0 ? red : blue).mark());
                        }
                    }));
                }
                Future<?> watcher = executor.submit(() -> {
                    while (!done.get()) {
                        Set<String> seen = same.profiles(0);
                        if (seen.size() > 1) {
                            mixed.add(seen);
                        }
                    }
                });
                for (Future<?> writer : writers) {
                    outcome(writer);
                }
                done.set(true);
                outcome(watcher);
            }
            assertThat(mixed).isEmpty();
            assertThat(place.profiles(0)).hasSize(1);
            assertThat(marks).as("each has a number of its own").hasSize(40).doesNotHaveDuplicates();
            assertThat(number()).isEqualTo(before + 40);
            place.leave();
        }
    }

    private static void outcome(Future<?> task) throws InterruptedException {
        try {
            task.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void manyBindingsAreOneTransaction() {
        try (SdnBackend sdn = backend(ClusterId.random())) {
            Place place = place(sdn, 10);
            String web = ensure(sdn, profile(id(), rule(Action.ALLOW, 1, anyone())));
            long before = number();
            sdn.security()
                    .bind(IntStream.range(0, 10)
                            .mapToObj(i -> place.binding(i, web))
                            .toList());
            assertThat(number()).isEqualTo(before + 1);
            assertThat(sdn.security().bindings(place.node()).values())
                    .containsOnly(Set.of(web))
                    .hasSize(10);
            place.leave();
        }
    }
}
