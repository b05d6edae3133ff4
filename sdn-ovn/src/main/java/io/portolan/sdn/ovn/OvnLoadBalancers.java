package io.portolan.sdn.ovn;

import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.Transport;
import io.portolan.sdn.ovn.BalancerRows.Part;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Load balancers, as many as are asked for in one transaction; {@link BalancerRows} says what they are made of. Each change
 * of the northbound database costs northd the same whatever its size, so that is what counts here.
 *
 * <p>A write looks at the rows of the balancers that it is about and at no others. Copies that bear a balancer's mark under
 * another {@code _uuid} are seen by an audit alone; the next write of that balancer then searches the table for them.
 *
 * <p>Longer than most: what a transaction expects, writes and concludes from its refusal must be read together.
 */
final class OvnLoadBalancers implements SdnLoadBalancers {
    private static final String TABLE = Kind.LOAD_BALANCER.table();
    private static final Abilities ABILITIES =
            new Abilities(EnumSet.allOf(Transport.class), Duration.ofDays(1), true, true, true, true);
    private static final int BATCH = 256;

    private final Northbound northbound;
    private final Mark mark;
    private final BalancerGroups groups;
    private final SourceLimits limits;
    private final BalancerRows rows;
    private final Set<LoadBalancerId> copied = ConcurrentHashMap.newKeySet();

    OvnLoadBalancers(Northbound northbound, Mark mark, BalancerGroups groups) {
        this.northbound = northbound;
        this.mark = mark;
        this.groups = groups;
        this.limits = new SourceLimits(northbound, mark);
        this.rows = new BalancerRows(mark);
    }

    @Override
    public Abilities abilities() {
        return ABILITIES;
    }

    @Override
    public int batch() {
        return BATCH;
    }

    @Override
    public Audit audit(Collection<LoadBalancerSpec> wanted) {
        List<List<Row>> found = northbound.read(List.of(
                new Operation.Select(TABLE, List.of(mark.any()), northbound.known(TABLE, BalancerRows.COLUMNS)),
                groups.select(Reach.INSIDE, "_uuid", BalancerGroups.MEMBERS),
                groups.select(Reach.OUTSIDE, "_uuid", BalancerGroups.MEMBERS),
                new Operation.Select(
                        Kind.SWITCH.table(), List.of(mark.any()), List.of("_uuid", BalancerGroups.MEMBERS)),
                limits.held(),
                limits.all()));
        Map<UUID, Set<UUID>> holders = new HashMap<>();
        found.subList(1, 4).stream()
                .flatMap(List::stream)
                .forEach(row -> holders.put(row.id(), row.uuids(BalancerGroups.MEMBERS)));
        found.get(4).forEach(row -> holders.put(row.id(), row.uuids(SourceLimits.HELD)));
        Map<LoadBalancerId, List<Row>> there = byBalancer(found.getFirst());
        Map<LoadBalancerId, List<Row>> limited = byBalancer(found.get(5));
        Set<LoadBalancerId> right = new HashSet<>();
        for (LoadBalancerSpec spec : wanted) {
            Look look = new Look(
                    there.getOrDefault(spec.id(), List.of()),
                    limited.getOrDefault(spec.id(), List.of()),
                    holders::containsKey,
                    (holder, row) -> holders.getOrDefault(holder, Set.of()).contains(row));
            if (isRight(spec, look)) {
                right.add(spec.id());
            }
        }
        copied.clear();
        there.forEach((id, all) -> {
            if (all.stream().anyMatch(row -> !isInItsPlace(id, row))) {
                copied.add(id);
            }
        });
        Set<LoadBalancerId> all = new HashSet<>(there.keySet());
        limited.forEach((id, rows) -> {
            all.add(id);
            if (rows.stream().anyMatch(row -> !isInItsPlace(id, row, there.getOrDefault(id, List.of())))) {
                copied.add(id);
            }
        });
        return new Audit(right, all);
    }

    private boolean isRight(LoadBalancerSpec spec, Look look) {
        try {
            return changes(spec, look).isEmpty();
        } catch (Refused e) {
            return false;
        }
    }

    /** Where its anchor leads a writer to it. */
    private static boolean isInItsPlace(LoadBalancerId id, Row limit, List<Row> there) {
        return there.stream()
                .filter(row -> row.id().equals(id.value()))
                .flatMap(anchor -> BalancerRows.limitsOf(anchor).stream())
                .anyMatch(name -> limit.id().equals(SourceLimits.id(id, name)));
    }

    private static boolean isInItsPlace(LoadBalancerId id, Row row) {
        String part = row.stringMap(Mark.COLUMN).get(BalancerRows.PART);
        return row.id().equals(part == null ? id.value() : BalancerRows.id(id, part));
    }

    private Map<LoadBalancerId, List<Row>> byBalancer(Collection<Row> all) {
        Map<LoadBalancerId, List<Row>> there = new LinkedHashMap<>();
        all.forEach(row -> rows.balancer(row)
                .ifPresent(id ->
                        there.computeIfAbsent(id, key -> new ArrayList<>()).add(row)));
        return there;
    }

    /** Whether a group or a switch has a row as member. */
    private interface Membership {
        boolean has(UUID holder, UUID row);
    }

    /**
     * What there is of a balancer.
     *
     * @param rows that bear its mark
     * @param limits on its sources, that bear its mark
     * @param holder whether a switch, or a group, is there
     */
    private record Look(
            List<Row> rows, List<Row> limits, java.util.function.Predicate<UUID> holder, Membership membership) {
        private @Nullable Row row(UUID id) {
            return Stream.concat(rows.stream(), limits.stream())
                    .filter(row -> row.id().equals(id))
                    .findFirst()
                    .orElse(null);
        }

        private boolean hasSwitch(NodeId node) {
            return holder.test(node.value());
        }
    }

    /** What has to be done, apart from who becomes a member of which row. */
    private record Changes(List<Operation> operations, Map<UUID, Set<UUID>> joining) {
        private boolean isEmpty() {
            return operations.isEmpty() && joining.isEmpty();
        }
    }

    private Changes changes(LoadBalancerSpec spec, Look look) {
        Map<Part, Row> parts = rows.parts(spec, look::hasSwitch);
        Map<String, Row> limiting = limits.of(spec);
        Map<UUID, Row> wanted = new LinkedHashMap<>();
        wanted.put(spec.id().value(), rows.anchor(spec, parts.keySet(), limiting.keySet()));
        parts.forEach((part, row) -> wanted.put(BalancerRows.id(spec.id(), part.name()), row));
        List<Operation> operations = new ArrayList<>();
        wanted.forEach((id, row) -> operations.addAll(put(TABLE, id, northbound.fit(TABLE, row), look)));
        look.rows().stream()
                .filter(row -> !wanted.containsKey(row.id()))
                .forEach(row -> operations.addAll(removal(row)));
        Map<UUID, Set<UUID>> joining = new LinkedHashMap<>();
        parts.keySet().forEach(part -> {
            UUID id = BalancerRows.id(spec.id(), part.name());
            if (!look.membership().has(holder(part), id)) {
                joining.computeIfAbsent(holder(part), holder -> new HashSet<>()).add(id);
            }
        });
        Set<UUID> limitIds = new HashSet<>();
        limiting.forEach((name, row) -> {
            UUID id = SourceLimits.id(spec.id(), name);
            limitIds.add(id);
            operations.addAll(put(AclRows.TABLE, id, row, look));
            if (!look.membership().has(limits.row(), id)) {
                joining.computeIfAbsent(limits.row(), holder -> new HashSet<>()).add(id);
            }
        });
        operations.addAll(release(look.limits().stream()
                .map(Row::id)
                .filter(id -> !limitIds.contains(id))
                .collect(Collectors.toSet())));
        return new Changes(operations, joining);
    }

    private static List<Operation> put(String table, UUID id, Row wanted, Look look) {
        Row found = look.row(id);
        return found == null
                ? List.of(Operation.insert(table, wanted).withId(id))
                : Northbound.mend(table, found, wanted);
    }

    private List<Operation> release(Set<UUID> gone) {
        return gone.isEmpty() ? List.of() : List.of(limits.release(gone));
    }

    private UUID holder(Part part) {
        NodeId node = part.node();
        return node == null ? groups.row(part.reach()) : node.value();
    }

    /** It leaves group and switch by itself: these refer to it weakly. */
    private static List<Operation> removal(Row row) {
        return List.of(
                Northbound.unchanged(TABLE, row, List.of(Mark.COLUMN)),
                Operation.delete(TABLE, Condition.row(row.id())));
    }

    @Override
    public Map<LoadBalancerId, Settled> ensure(Collection<LoadBalancerSpec> specs) {
        Map<LoadBalancerId, LoadBalancerSpec> wanted = new LinkedHashMap<>();
        specs.forEach(spec -> wanted.put(spec.id(), spec));
        return eachOrAll(
                wanted.keySet(),
                ids -> write(ids.stream()
                        .map(id -> java.util.Objects.requireNonNull(wanted.get(id)))
                        .toList()));
    }

    @Override
    public Map<LoadBalancerId, Settled> delete(Collection<LoadBalancerId> ids) {
        return eachOrAll(Set.copyOf(ids), this::remove);
    }

    /** All together; where that is refused, each alone, so that only those are failed that are at fault. */
    private static Map<LoadBalancerId, Settled> eachOrAll(
            Collection<LoadBalancerId> ids, Function<Collection<LoadBalancerId>, Map<LoadBalancerId, Ensured>> write) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        Map<LoadBalancerId, Settled> settled = new HashMap<>();
        try {
            write.apply(ids).forEach((id, ensured) -> settled.put(id, new Settled.Done(ensured)));
        } catch (Refused e) {
            if (ids.size() > 1) {
                ids.forEach(id -> settled.putAll(eachOrAll(List.of(id), write)));
            } else {
                ids.forEach(id -> settled.put(id, new Settled.Failed(e)));
            }
        }
        return settled;
    }

    private Map<LoadBalancerId, Ensured> write(Collection<LoadBalancerSpec> specs) {
        return northbound.settle("writing %d load balancers".formatted(specs.size()), () -> {
            Map<LoadBalancerId, Look> looks = look(specs);
            List<Operation> operations = new ArrayList<>();
            Map<UUID, Set<UUID>> joining = new LinkedHashMap<>();
            Map<LoadBalancerId, Ensured> outcome = new HashMap<>();
            for (LoadBalancerSpec spec : specs) {
                Look look = java.util.Objects.requireNonNull(looks.get(spec.id()));
                Changes changes = changes(spec, look);
                operations.addAll(changes.operations());
                changes.joining()
                        .forEach((holder, members) -> joining.computeIfAbsent(holder, id -> new HashSet<>())
                                .addAll(members));
                outcome.put(
                        spec.id(),
                        changes.isEmpty() ? Ensured.UNCHANGED : look.rows().isEmpty() ? Ensured.MADE : Ensured.MENDED);
            }
            joining.forEach((holder, members) -> operations.addAll(join(holder, members)));
            return new Change<>(operations, outcome);
        });
    }

    private List<Operation> join(UUID holder, Set<UUID> members) {
        if (holder.equals(limits.row())) {
            List<Operation> operations = new ArrayList<>(limits.insertIfMissing());
            operations.add(limits.hold(members));
            return operations;
        }
        for (Reach reach : Reach.values()) {
            if (holder.equals(groups.row(reach))) {
                List<Operation> operations = new ArrayList<>(groups.insertIfMissing(reach));
                operations.add(joined(BalancerGroups.TABLE, holder, members));
                return operations;
            }
        }
        return List.of(joined(Kind.SWITCH.table(), holder, members));
    }

    private static Operation joined(String table, UUID holder, Set<UUID> members) {
        return Operation.mutate(
                table, Mutation.insert(BalancerGroups.MEMBERS, Value.uuids(members)), Condition.row(holder));
    }

    private Map<LoadBalancerId, Ensured> remove(Collection<LoadBalancerId> ids) {
        return northbound.settle("deleting %d load balancers".formatted(ids.size()), () -> {
            List<Operation> operations = new ArrayList<>();
            Map<LoadBalancerId, Ensured> outcome = new HashMap<>();
            Found there = find(ids, Set.of(), Set.of());
            ids.forEach(id -> {
                List<Row> all = there.rows(id);
                all.forEach(row -> operations.addAll(removal(row)));
                operations.addAll(release(there.limits(id).stream().map(Row::id).collect(Collectors.toSet())));
                boolean none = all.isEmpty() && there.limits(id).isEmpty();
                outcome.put(id, none ? Ensured.UNCHANGED : Ensured.MENDED);
            });
            return new Change<>(operations, outcome);
        });
    }

    private Map<LoadBalancerId, Look> look(Collection<LoadBalancerSpec> specs) {
        Set<UUID> parts = new HashSet<>();
        Set<UUID> limiting = new HashSet<>();
        List<Operation.Select> memberships = new ArrayList<>();
        List<List<UUID>> asked = new ArrayList<>();
        Set<NodeId> nodes = new HashSet<>();
        for (LoadBalancerSpec spec : specs) {
            nodes.addAll(BalancerRows.nodes(spec));
            for (Part part : rows.parts(spec, node -> true).keySet()) {
                UUID id = BalancerRows.id(spec.id(), part.name());
                parts.add(id);
                asked.add(List.of(holder(part), id));
                memberships.add(new Operation.Select(
                        part.node() == null ? BalancerGroups.TABLE : Kind.SWITCH.table(),
                        List.of(Condition.row(holder(part)), Condition.includes(BalancerGroups.MEMBERS, Atom.of(id))),
                        List.of("_uuid")));
            }
            for (String limit : limits.of(spec).keySet()) {
                UUID id = SourceLimits.id(spec.id(), limit);
                limiting.add(id);
                asked.add(List.of(limits.row(), id));
                memberships.add(limits.holding(id));
            }
        }
        nodes.forEach(node -> memberships.add(new Operation.Select(
                Kind.SWITCH.table(), List.of(Condition.row(node.value()), mark.any()), List.of("_uuid"))));
        List<List<Row>> found = northbound.read(memberships);
        Set<List<UUID>> members = new HashSet<>();
        for (int i = 0; i < asked.size(); i++) {
            if (!found.get(i).isEmpty()) {
                members.add(asked.get(i));
            }
        }
        Set<UUID> switches = found.subList(asked.size(), found.size()).stream()
                .flatMap(List::stream)
                .map(Row::id)
                .collect(Collectors.toSet());
        Found there = find(specs.stream().map(LoadBalancerSpec::id).toList(), parts, limiting);
        Map<LoadBalancerId, Look> looks = new HashMap<>();
        specs.stream()
                .map(LoadBalancerSpec::id)
                .forEach(id -> looks.put(
                        id,
                        new Look(
                                there.rows(id),
                                there.limits(id),
                                switches::contains,
                                (holder, row) -> members.contains(List.of(holder, row)))));
        return looks;
    }

    /** By balancer. */
    private record Found(Map<LoadBalancerId, List<Row>> rows, Map<LoadBalancerId, List<Row>> limits) {
        private List<Row> rows(LoadBalancerId id) {
            return rows.getOrDefault(id, List.of());
        }

        private List<Row> limits(LoadBalancerId id) {
            return limits.getOrDefault(id, List.of());
        }
    }

    /** All rows of these balancers: those that their anchors name, and those that may be there besides. */
    private Found find(Collection<LoadBalancerId> ids, Set<UUID> parts, Set<UUID> limiting) {
        List<String> columns = northbound.known(TABLE, BalancerRows.COLUMNS);
        List<Row> anchors = flat(northbound.read(Northbound.selects(
                TABLE, ids.stream().map(LoadBalancerId::value).toList(), columns)));
        Set<UUID> allParts = new HashSet<>(parts);
        Set<UUID> allLimits = new HashSet<>(limiting);
        anchors.forEach(anchor -> rows.balancer(anchor).ifPresent(id -> {
            BalancerRows.partsOf(anchor).forEach(part -> allParts.add(BalancerRows.id(id, part)));
            BalancerRows.limitsOf(anchor).forEach(limit -> allLimits.add(SourceLimits.id(id, limit)));
        }));
        List<LoadBalancerId> searched = ids.stream().filter(copied::contains).toList();
        List<Operation.Select> selects = new ArrayList<>(Northbound.selects(TABLE, allParts, columns));
        searched.forEach(
                id -> selects.add(new Operation.Select(TABLE, List.of(mark.is(Key.loadBalancer(id))), columns)));
        int ofBalancers = selects.size();
        selects.addAll(limits.rows(allLimits));
        searched.forEach(id -> selects.add(limits.of(id)));
        List<List<Row>> found = northbound.read(selects);
        return new Found(
                byBalancer(distinct(Stream.concat(anchors.stream(), flat(found.subList(0, ofBalancers)).stream()))),
                byBalancer(distinct(flat(found.subList(ofBalancers, found.size())).stream())));
    }

    private static Collection<Row> distinct(Stream<Row> rows) {
        return rows.collect(Collectors.toMap(Row::id, row -> row, (one, same) -> one, LinkedHashMap::new))
                .values();
    }

    private static List<Row> flat(List<List<Row>> found) {
        return found.stream().flatMap(List::stream).toList();
    }
}
