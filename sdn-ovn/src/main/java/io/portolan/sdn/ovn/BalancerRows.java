package io.portolan.sdn.ovn;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.Transport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer as rows of {@code Load_Balancer}: its parts, and one that names them.
 *
 * <p>In OVN protocol, affinity and what becomes of packets without a backend are a whole row's. So a balancer is cut into
 * parts of which each is uniform; a part is in one of the cluster's groups or, for {@code SAME_NODE}, on one node's switch.
 * Which parts a balancer has is unknown to who meets it later, and there is no index to search by; therefore the row that
 * has the balancer's own id as {@code _uuid} has no {@code vips} but the list of the parts in its mark. From it all others
 * are found without a scan, however many balancers there are. It is on no switch, so northd does nothing with it.
 */
record BalancerRows(Mark mark) {
    static final String PART = "portolan:part";
    private static final String PARTS = "portolan:parts";
    private static final String LIMIT = "limit:";

    /**
     * Hairpin connections come from this address, so that a security profile can admit them by one rule. It is never seen
     * outside the node.
     */
    static final String HAIRPIN = "169.254.104.5";

    /**
     * Of {@code affinity_timeout}. A longer affinity has no end: the client's address chooses the member, as long as there are the
     * same members. Nothing is lost by that, while OVN 23.03 drops the packet for which it starts to keep the time.
     */
    private static final Duration LONGEST_TIMED = Duration.ofSeconds(65_535);

    static final List<String> COLUMNS =
            List.of("name", "vips", "protocol", "options", "health_check", "ip_port_mappings", "selection_fields");

    /**
     * A row of a balancer.
     *
     * @param name within the balancer; its {@code _uuid} follows from it
     * @param node whose switch the row is on; null for one that is in the group of {@code reach}
     */
    record Part(String name, Reach reach, @Nullable NodeId node) {}

    private record Grouping(
            Transport transport,
            Reach reach,
            OnEmpty onEmpty,
            @Nullable Duration affinity) {
        private String name() {
            return "%s/%s%s%s"
                    .formatted(
                            lower(transport),
                            lower(reach),
                            onEmpty == OnEmpty.DROP ? "/drop" : "",
                            affinity == null ? "" : "/affinity-" + affinity.toSeconds());
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    static UUID id(LoadBalancerId balancer, String part) {
        String text = "portolan:" + Key.loadBalancer(balancer) + "/" + part;
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @param onSwitch whether the node has a switch: without one it has no clients either */
    Map<Part, Row> parts(LoadBalancerSpec spec, Predicate<NodeId> onSwitch) {
        Map<Grouping, Map<String, String>> everywhere = new java.util.LinkedHashMap<>();
        Map<Part, Row> rows = new java.util.LinkedHashMap<>();
        for (Listener listener : spec.listeners()) {
            if (listener.spread() == Spread.ANYWHERE) {
                everywhere
                        .computeIfAbsent(grouping(listener), grouping -> new TreeMap<>())
                        .put(vip(listener.frontend()), backends(listener.pool().members()));
            }
        }
        everywhere.forEach((grouping, vips) -> {
            Part part = new Part(grouping.name(), grouping.reach(), null);
            rows.put(part, row(spec, part, grouping, vips));
        });
        nodes(spec).stream().filter(onSwitch).forEach(node -> rows.putAll(onNode(spec, node)));
        return rows;
    }

    /** Nodes with members that only their own clients get. */
    static Set<NodeId> nodes(LoadBalancerSpec spec) {
        return spec.listeners().stream()
                .filter(listener -> listener.spread() == Spread.SAME_NODE)
                .flatMap(listener -> listener.pool().members().stream())
                .flatMap(member -> Optional.ofNullable(member.node()).stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Map<Part, Row> onNode(LoadBalancerSpec spec, NodeId node) {
        Map<Grouping, Map<String, String>> here = new java.util.LinkedHashMap<>();
        for (Listener listener : spec.listeners()) {
            if (listener.spread() == Spread.SAME_NODE) {
                List<Member> members = listener.pool().members().stream()
                        .filter(member -> node.equals(member.node()))
                        .toList();
                here.computeIfAbsent(grouping(listener), grouping -> new TreeMap<>())
                        .put(vip(listener.frontend()), backends(members));
            }
        }
        Map<Part, Row> rows = new java.util.LinkedHashMap<>();
        here.forEach((grouping, vips) -> {
            Part part = new Part(grouping.name() + "/node-" + node, grouping.reach(), node);
            rows.put(part, row(spec, part, grouping, vips));
        });
        return rows;
    }

    private static Grouping grouping(Listener listener) {
        Frontend at = listener.frontend();
        return new Grouping(at.transport(), at.reach(), listener.onEmpty(), listener.affinity());
    }

    private Row row(LoadBalancerSpec spec, Part part, Grouping grouping, Map<String, String> vips) {
        Map<String, String> options = new TreeMap<>();
        options.put("hairpin_snat_ip", HAIRPIN);
        if (grouping.onEmpty() == OnEmpty.REFUSE) {
            options.put("reject", "true");
        }
        Value chosenBy = Value.emptySet();
        if (grouping.affinity() != null && grouping.affinity().compareTo(LONGEST_TIMED) > 0) {
            chosenBy = Value.strings(List.of("ip_src"));
        } else if (grouping.affinity() != null) {
            options.put("affinity_timeout", Long.toString(grouping.affinity().toSeconds()));
        }
        // A flow of UDP has no end at which its client would turn to another member.
        if (grouping.transport() == Transport.UDP) {
            options.put("ct_flush", "true");
        }
        return empty().with("name", spec.name() + " " + part.name())
                .with("protocol", lower(grouping.transport()))
                .with("vips", vips)
                .with("options", options)
                .with("selection_fields", chosenBy)
                .with(Mark.COLUMN, marked(spec.id(), PART, part.name()));
    }

    /** The row that names the parts and the limits. */
    Row anchor(LoadBalancerSpec spec, Collection<Part> parts, Collection<String> limits) {
        String names = Stream.concat(
                        parts.stream().map(Part::name), limits.stream().map(limit -> LIMIT + limit))
                .sorted()
                .collect(Collectors.joining(" "));
        return empty().with("name", spec.name()).with(Mark.COLUMN, marked(spec.id(), PARTS, names));
    }

    private static Row empty() {
        Row row = Row.empty();
        for (String column : COLUMNS) {
            boolean map = Set.of("vips", "options", "ip_port_mappings").contains(column);
            row = column.equals("name")
                    ? row.with(column, "")
                    : row.with(column, map ? Value.emptyMap() : Value.emptySet());
        }
        return row;
    }

    private Value marked(LoadBalancerId id, String key, String value) {
        return Value.stringMap(Map.of(
                Mark.CLUSTER,
                mark.cluster().toString(),
                Mark.KEY,
                Key.loadBalancer(id).toString(),
                key,
                value));
    }

    /** Which balancer the row is of; empty where it is not ours. */
    Optional<LoadBalancerId> balancer(Row row) {
        return mark.keyOf(row)
                .filter(key -> key.kind() == Key.Kind.LOAD_BALANCER)
                .map(key -> new LoadBalancerId(key.id()));
    }

    /** The names of the parts that an anchor knows of. */
    static List<String> partsOf(Row anchor) {
        return names(anchor).filter(name -> !name.startsWith(LIMIT)).toList();
    }

    /** The names of the {@link SourceLimits} that an anchor knows of. */
    static List<String> limitsOf(Row anchor) {
        return names(anchor)
                .filter(name -> name.startsWith(LIMIT))
                .map(name -> name.substring(LIMIT.length()))
                .toList();
    }

    private static Stream<String> names(Row anchor) {
        String names = anchor.stringMap(Mark.COLUMN).getOrDefault(PARTS, "");
        return Arrays.stream(names.split(" ")).filter(name -> !name.isEmpty());
    }

    private static String vip(Frontend frontend) {
        return at(frontend.address(), frontend.port());
    }

    private static String backends(List<Member> members) {
        return members.stream()
                .map(member -> at(member.address(), member.port()))
                .distinct()
                .collect(Collectors.joining(","));
    }

    private static String at(IpAddress address, int port) {
        return (address.family() == IpAddress.Family.IPV6 ? "[%s]:%d" : "%s:%d").formatted(address, port);
    }
}
