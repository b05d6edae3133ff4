package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.SecurityGroup;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Whether a cluster's ports are closed unless bound: a security group without ports and rules stands for it, so that it is
 * known to every replica and after every crash. Neutron gives a port the project's group {@code default} unless it is told
 * none; a port in no group passes nothing, since its port security stays on.
 *
 * <p>Opening takes three steps, of which each may be the last of a run: the group is marked as opening, from when on ports
 * are made open; the closed ones get the default group; the mark goes.
 */
record Closing(NeutronApi api, Mark mark) {
    private static final String DEFAULT = "default";

    /** Whether ports are to be made closed. */
    boolean now() {
        return !marked(mark.closed()).isEmpty();
    }

    private List<SecurityGroup> marked(String description) {
        return oldestFirst(api.ours(Kind.SECURITY_GROUP, "description", List.of(description)));
    }

    static List<SecurityGroup> oldestFirst(List<SecurityGroup> groups) {
        return groups.stream()
                .sorted(Comparator.comparing((SecurityGroup group) -> String.valueOf(group.createdAt()))
                        .thenComparing(SecurityGroup::id))
                .toList();
    }

    void close(Collection<NodeId> nodes) {
        if (!now()) {
            List<SecurityGroup> opening = marked(mark.opening());
            if (opening.isEmpty()) {
                api.create(Kind.SECURITY_GROUP, Body.fields("name", "portolan-closed", "description", mark.closed()))
                        .orThrow();
            } else {
                api.put(Kind.SECURITY_GROUP, opening.getFirst().id(), Body.fields("description", mark.closed()))
                        .orThrow();
            }
        }
        Set<NodeId> named = Set.copyOf(nodes);
        for (SecurityGroup usual : usual()) {
            List<Port> open = api.list(Kind.PORT, Query.by("security_groups", usual.id())).stream()
                    .filter(port -> mark.read(port, Mark.Kind.PORT)
                            .filter(key -> named.contains(key.node()))
                            .isPresent())
                    .filter(port -> port.groups().equals(List.of(usual.id())))
                    .toList();
            put(open, List.of());
        }
    }

    private List<SecurityGroup> usual() {
        return api.ours(Kind.SECURITY_GROUP, "name", List.of(DEFAULT));
    }

    private void put(List<Port> ports, List<String> groups) {
        AtOnce.each("changing the groups of ports", ports, port -> {
            Answer answer = api.put(Kind.PORT, port.id(), Body.fields("security_groups", groups));
            if (!answer.missing()) {
                answer.orThrow();
            }
        });
    }

    void open() {
        List<SecurityGroup> closed = marked(mark.closed());
        List<SecurityGroup> opening = marked(mark.opening());
        if (closed.isEmpty() && opening.isEmpty()) {
            return;
        }
        closed.forEach(group -> api.put(Kind.SECURITY_GROUP, group.id(), Body.fields("description", mark.opening()))
                .orThrow());
        List<Port> ports = api.list(Kind.PORT, Query.by("project_id", api.project())).stream()
                .filter(port -> mark.read(port, Mark.Kind.PORT).isPresent()
                        && port.groups().isEmpty())
                .toList();
        put(ports, usual().stream().map(SecurityGroup::id).toList());
        forget();
    }

    /** Deletes what stands for it, and changes no port. */
    void forget() {
        marked(mark.closed()).forEach(this::delete);
        marked(mark.opening()).forEach(this::delete);
    }

    private void delete(SecurityGroup group) {
        Answer answer = api.delete(Kind.SECURITY_GROUP, group.id());
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
