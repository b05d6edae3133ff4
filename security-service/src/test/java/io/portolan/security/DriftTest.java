package io.portolan.security;

import static io.portolan.security.SecurityWorld.LONG;
import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against a real northbound database, and somebody else who writes to it. */
class DriftTest {
    private static Workspace workspace;
    private static OvsdbServer server;
    private static OvsdbClient somebody;
    private static SecurityWorld world;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        somebody = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), "OVN_Northbound"));
        world = new SecurityWorld();
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
        somebody.close();
        workspace.close();
    }

    /** All that says what passes: groups with their members and rules, and the switches' own rules. */
    private static List<String> everything() {
        List<Row> acls = rows("ACL", "_uuid", "action", "direction", "match", "priority", "options");
        Set<String> rules = acls.stream()
                .map(acl -> acl.id() + " " + acl.string("action") + " " + acl.string("direction") + " "
                        + acl.string("match") + " " + acl.integer("priority"))
                .collect(Collectors.toCollection(TreeSet::new));
        rows("Port_Group", "_uuid", "name", "ports", "acls")
                .forEach(group -> rules.add("group " + group.string("name") + " " + new TreeSet<>(group.uuids("ports"))
                        + " " + new TreeSet<>(group.uuids("acls"))));
        rows("Logical_Switch", "_uuid", "acls")
                .forEach(one -> rules.add("switch " + one.id() + " " + new TreeSet<>(one.uuids("acls"))));
        return List.copyOf(rules);
    }

    private static List<Row> rows(String table, String... columns) {
        return somebody.transact(Operation.select(table).columns(columns)).rows(0);
    }

    @Test
    void whateverSomebodyElseWritesInOvnIsPutRight() {
        String cluster = world.cluster("testing:" + server.unixRemote());
        String web = world.profile(cluster, "web", allowTcp(80));
        String db = world.profile(cluster, "db", allowTcp(5432));
        SecurityWorld.Fleet fleet = world.fleet(cluster, 4);
        world.enforce(cluster);
        long mark = world.bind(
                        fleet, binding(fleet.port(0), web), binding(fleet.port(1), web, db), binding(fleet.port(2), db))
                .assertStatus(200)
                .json()
                .path("mark")
                .asLong();
        assertThat(rows("NB_Global", "nb_cfg").getFirst().integer("nb_cfg")).isEqualTo(mark);
        List<String> right = everything();
        assertThat(right).filteredOn(row -> row.startsWith("group")).hasSize(2);

        somebody.transact(Operation.update("Port_Group", Row.empty().with("ports", Value.emptySet())));
        putRight(right);
        somebody.transact(Operation.update(
                "Port_Group",
                Row.empty()
                        .with(
                                "ports",
                                Value.uuids(rows("Logical_Switch_Port", "_uuid", "type").stream()
                                        .filter(port -> port.string("type").isEmpty())
                                        .map(Row::id)
                                        .toList()))));
        putRight(right);
        somebody.transact(Operation.update("ACL", Row.empty().with("action", "allow")));
        putRight(right);
        somebody.transact(Operation.update("Logical_Switch", Row.empty().with("acls", Value.emptySet())));
        putRight(right);
        somebody.transact(Operation.update("Port_Group", Row.empty().with("acls", Value.emptySet())));
        putRight(right);
        assertThat(world.http()
                        .get("/actuator/prometheus")
                        .body()
                        .lines()
                        .filter(line -> line.startsWith("portolan_security_drift_total{cluster=\"" + cluster))
                        .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                        .toList())
                .singleElement()
                .satisfies(count -> assertThat(count).isGreaterThanOrEqualTo(6));
    }

    private static void putRight(List<String> right) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(everything()).isEqualTo(right));
    }
}
