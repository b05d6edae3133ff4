package io.portolan.sdn.ovn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Malformed;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.SdnDirectory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Ports of others on the switches that are joined to the router. Addresses that OVN only learns are not known to it. */
record OvnDirectory(Northbound northbound, Mark mark, Routers routers) implements SdnDirectory {
    private static final String ROUTER_PORTS = "Logical_Router_Port";
    private static final String PORTS = "Logical_Switch_Port";
    private static final String SWITCHES = "Logical_Switch";

    @Override
    public List<Neighbour> neighbours(String routerId) {
        List<Row> joints = joints(routers.find(routerId).id());
        List<Operation.Select> selects = new ArrayList<>();
        joints.forEach(joint -> selects.add(new Operation.Select(
                SWITCHES,
                List.of(Condition.includes("ports", Atom.of(joint.id()))),
                List.of("_uuid", "ports", Mark.COLUMN))));
        List<Neighbour> neighbours = new ArrayList<>();
        for (List<Row> switches : northbound.read(selects)) {
            for (Row each : switches) {
                if (mark.keyOf(each).isEmpty()) {
                    neighbours.addAll(onSwitch(each));
                }
            }
        }
        return List.copyOf(neighbours);
    }

    /** The switches' ends of the router's ports, but for those of the cluster's own nodes. */
    private List<Row> joints(UUID router) {
        List<Row> lists =
                northbound.read(new Operation.Select(Routers.TABLE, List.of(Condition.row(router)), List.of("ports")));
        if (lists.isEmpty()) {
            return List.of();
        }
        List<Operation.Select> selects = new ArrayList<>();
        northbound
                .read(Northbound.selects(ROUTER_PORTS, lists.getFirst().uuids("ports"), List.of("name", Mark.COLUMN)))
                .stream()
                .flatMap(List::stream)
                .filter(port -> mark.keyOf(port).isEmpty())
                .forEach(port -> selects.add(new Operation.Select(
                        PORTS,
                        List.of(Condition.includes("options", "router-port", port.string("name"))),
                        List.of("_uuid"))));
        return northbound.read(selects).stream().flatMap(List::stream).toList();
    }

    private List<Neighbour> onSwitch(Row theSwitch) {
        List<Neighbour> neighbours = new ArrayList<>();
        northbound
                .read(Northbound.selects(
                        PORTS,
                        theSwitch.uuids("ports"),
                        List.of("name", "addresses", "dynamic_addresses", Mark.COLUMN)))
                .stream()
                .flatMap(List::stream)
                .filter(port -> mark.keyOf(port).isEmpty())
                .forEach(port -> neighbours.addAll(at(port, theSwitch)));
        return neighbours;
    }

    private static List<Neighbour> at(Row port, Row theSwitch) {
        String network = theSwitch.id().toString();
        List<Neighbour> all = new ArrayList<>();
        for (String text : port.strings("addresses")) {
            String said = text.startsWith("dynamic")
                    ? port.optionalString("dynamic_addresses").orElse("")
                    : text;
            String[] words = said.strip().split("\\s+");
            MacAddress mac = mac(words[0]);
            Arrays.stream(words).skip(mac == null ? words.length : 1).forEach(word -> {
                IpAddress address = address(word);
                if (address != null) {
                    all.add(new Neighbour(address, mac, port.string("name"), network, null));
                }
            });
        }
        return all;
    }

    private static @Nullable MacAddress mac(String text) {
        try {
            return MacAddress.parse(text);
        } catch (Malformed e) {
            return null;
        }
    }

    private static @Nullable IpAddress address(String text) {
        try {
            return IpAddress.parse(text);
        } catch (Malformed e) {
            return null;
        }
    }
}
