package io.portolan.e2e.stack;

import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.OvnCentral;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What ledger, network and nodes have, each read at its source and not through the services. */
public final class Observed {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Stack stack;

    public Observed(Stack stack) {
        this.stack = stack;
    }

    public List<String> ledger(String sql) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = stack.ledger().owner().connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
        return rows;
    }

    public boolean ledgerHas(String table, String condition) {
        return ledger("select exists (select from " + table + " where " + condition + ")::text")
                .equals(List.of("true"));
    }

    /** Backend id → "MAC address" of every made port that the ledger has of a cluster. */
    public Map<String, String> portsInLedgerOf(String cluster) {
        return portsInLedger("cluster_id = (select id from cluster where name = '" + cluster + "')");
    }

    private Map<String, String> portsInLedger(String condition) {
        Map<String, String> ports = new TreeMap<>();
        for (String row : ledger(
                "select backend_id || '=' || mac || ' ' || host(ip) from port where state in ('free', 'leased', 'bound', 'cooling') and "
                        + condition)) {
            String[] parts = row.split("=", 2);
            ports.put(parts[0], parts[1]);
        }
        return ports;
    }

    /** Name → addresses of every pod's port in OVN's northbound database. */
    public Map<String, String> portsInNetwork() {
        Map<String, String> ports = new TreeMap<>();
        for (JsonNode row : rows("name,addresses,type", "Logical_Switch_Port")) {
            if (row.get(2).asString().isEmpty()) {
                ports.put(row.get(0).asString(), atoms(row.get(1)).getFirst());
            }
        }
        return ports;
    }

    /** The same of the tenant's ports inside VMs, as Neutron lists them, which must all be up. */
    public Map<String, String> portsInCloud(CloudTenant tenant) {
        Map<String, String> ports = new TreeMap<>();
        for (JsonNode port : tenant.owner()
                .network()
                .get("/ports?device_owner=trunk:subport")
                .path("ports")) {
            String address = port.path("mac_address").asString() + " "
                    + port.at("/fixed_ips/0/ip_address").asString();
            String status = port.path("status").asString();
            ports.put(port.path("id").asString(), status.equals("ACTIVE") ? address : status);
        }
        return ports;
    }

    /** What bears a cluster's mark in the tenant's project: how many of each kind, ports of pods left out. */
    public Map<String, Integer> marksInCloud(CloudTenant tenant) {
        Map<String, Integer> marks = new TreeMap<>();
        for (String collection : List.of("routers", "networks", "subnets", "ports", "trunks")) {
            for (JsonNode object :
                    tenant.owner().network().get("/" + collection).path(collection)) {
                if (object.path("description").asString().startsWith("portolan ")
                        && !object.path("device_owner").asString("").equals("trunk:subport")) {
                    marks.merge(collection, 1, Integer::sum);
                }
            }
        }
        return marks;
    }

    /** Names of everything else that a cluster has in OVN: switches, routers, router ports. */
    public Set<String> topologyInNetwork() {
        Set<String> names = new TreeSet<>();
        for (String table : List.of("Logical_Switch", "Logical_Router", "Logical_Router_Port")) {
            rows("name", table)
                    .forEach(row -> names.add(table + " " + row.get(0).asString()));
        }
        return names;
    }

    private JsonNode rows(String columns, String table) {
        return rows(stack.central(), columns, table);
    }

    private static JsonNode rows(OvnCentral central, String columns, String table) {
        return JSON.readTree(central.nbctl("--format=json", "--columns=" + columns, "list", table))
                .path("data");
    }

    /** Port id → names of the port groups that it is in, in this OVN's northbound database. */
    public static Map<String, Set<String>> groups(OvnCentral central) {
        Map<String, Set<String>> groups = new TreeMap<>();
        for (JsonNode row : rows(central, "name,ports", "Port_Group")) {
            JsonNode ports = row.get(1);
            List<JsonNode> members = new ArrayList<>();
            if (ports.get(0).asString().equals("uuid")) {
                members.add(ports);
            } else {
                ports.get(1).forEach(members::add);
            }
            members.forEach(port -> groups.computeIfAbsent(port.get(1).asString(), id -> new TreeSet<>())
                    .add(row.get(0).asString()));
        }
        return groups;
    }

    private static List<String> atoms(JsonNode value) {
        List<String> atoms = new ArrayList<>();
        if (value.isArray()) {
            value.get(1).forEach(atom -> atoms.add(atom.asString()));
        } else {
            atoms.add(value.asString());
        }
        return atoms;
    }

    /** Ids of the ports that the node's agent has in its cache. */
    public Set<String> portsInCache(Worker worker) {
        Set<String> ids = new TreeSet<>();
        worker.introspection()
                .get("/v1/ports")
                .ok()
                .path("ports")
                .forEach(port -> ids.add(port.path("id").asString()));
        return ids;
    }

    /** Ids of the ports that the ledger says are in the node's cache. */
    public Set<String> portsLeasedTo(Worker worker) {
        return new TreeSet<>(ledger(
                "select p.id::text from port p join node n on n.id = p.node_id where p.lease_epoch is not null and n.name = '"
                        + worker.host().name() + "'"));
    }
}
