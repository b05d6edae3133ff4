package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Trunk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Trunks on the ports of VMs. One that is there already is used, whosever it is, and stays; where there is none, one with
 * the node's mark is made, and goes when nothing is on it any more. Neutron keeps one trunk a port and one port a tag.
 *
 * <p>A trunk's status says nothing about its sub-ports (it may stay DOWN) and is not looked at.
 */
record Trunks(NeutronApi api, Mark mark) {
    /** A port of ours that is to be on a trunk. */
    record Wanted(Port port, int tag) {}

    Optional<Trunk> on(String parent) {
        return api.list(Kind.TRUNK, Query.by("port_id", parent)).stream().findFirst();
    }

    /** Refuses a parent port that is not there, or not ours. */
    void check(String parent) {
        Port port = (parent.matches("[0-9A-Za-z-]+") ? api.find(Kind.PORT, parent) : Optional.<Port>empty())
                .orElseThrow(() -> new Refused(
                        Reason.PARENT_PORT_UNKNOWN,
                        "there is no port %s in sight of the project: it does not exist, or is another project's"
                                .formatted(parent)));
        if (!api.project().equals(port.projectId())) {
            throw new Refused(
                    Reason.PARENT_PORT_FOREIGN,
                    "port %s belongs to project %s, not to the cluster's".formatted(parent, port.projectId()));
        }
    }

    Trunk make(NodeId node, String parent) {
        Answer answer = api.create(
                Kind.TRUNK,
                Body.fields(
                        "name",
                        "portolan-" + node,
                        "description",
                        mark.trunk(node),
                        "port_id",
                        parent,
                        "sub_ports",
                        List.of()));
        if (answer.status() == 409 && on(parent).isPresent()) {
            throw new Overtaken("another writer made the trunk");
        }
        return NeutronApi.read(Kind.TRUNK, answer.orThrow());
    }

    /** Refuses tags that ports other than these have on the trunk. */
    static void refuseTakenTags(Trunk trunk, Map<Integer, String> portsByTag, Set<String> ours) {
        for (Trunk.SubPort sub : trunk.subPorts()) {
            boolean wanted = portsByTag.containsKey(sub.segmentationId());
            boolean itself = sub.portId().equals(portsByTag.get(sub.segmentationId()));
            if (wanted && !itself && !ours.contains(sub.portId())) {
                throw new Refused(
                        Reason.CONFLICT,
                        "VLAN tag %d under port %s is taken by port %s"
                                .formatted(sub.segmentationId(), trunk.portId(), sub.portId()));
            }
        }
    }

    /** Returns whether it had to change anything. */
    boolean nest(Trunk trunk, NodeId node, List<Wanted> wanted) {
        List<String> wrong = new ArrayList<>();
        List<Wanted> missing = new ArrayList<>();
        Set<String> elsewhere = new HashSet<>();
        for (Wanted each : wanted) {
            Optional<Integer> tag = trunk.tagOf(each.port().id());
            if (tag.isPresent() && tag.get() != each.tag()) {
                wrong.add(each.port().id());
            }
            if (tag.isEmpty() || tag.get() != each.tag()) {
                missing.add(each);
            }
            if (tag.isEmpty() && each.port().isSubPort()) {
                elsewhere.add(each.port().id());
            }
        }
        if (!elsewhere.isEmpty()) {
            holding(node, wanted.stream().map(Wanted::port).toList()).stream()
                    .filter(other -> !other.id().equals(trunk.id()))
                    .forEach(other -> unnest(other, elsewhere));
        }
        unnest(trunk, wrong);
        if (!missing.isEmpty()) {
            add(trunk, missing);
        }
        if (!elsewhere.isEmpty()) {
            deleteEmpty(node);
        }
        return !missing.isEmpty();
    }

    private void add(Trunk trunk, List<Wanted> missing) {
        List<Map<String, Object>> subPorts = missing.stream()
                .map(each -> Body.fields(
                        "port_id", each.port().id(), "segmentation_type", "vlan", "segmentation_id", each.tag()))
                .toList();
        Answer answer = api.act(Kind.TRUNK, trunk.id(), "add_subports", Body.fields("sub_ports", subPorts));
        boolean changed = answer.missing()
                || answer.type().equals("DuplicateSubPort")
                || answer.type().equals("TrunkPortInUse");
        if (changed) {
            throw new Overtaken(String.valueOf(answer.failure().getMessage()));
        }
        answer.orThrow();
    }

    /** Takes those of these ports that are on the trunk off it. */
    void unnest(Trunk trunk, Collection<String> ports) {
        List<Map<String, Object>> subPorts = trunk.subPorts().stream()
                .filter(sub -> ports.contains(sub.portId()))
                .map(sub -> Body.fields("port_id", sub.portId()))
                .toList();
        if (subPorts.isEmpty()) {
            return;
        }
        Answer answer = api.act(Kind.TRUNK, trunk.id(), "remove_subports", Body.fields("sub_ports", subPorts));
        if (answer.missing()) {
            throw new Overtaken("the trunk changed meanwhile");
        }
        answer.orThrow();
    }

    /**
     * The trunks that these ports of ours are on: the node's own one, that of the VM they were made for, and where that
     * is not all, wherever they are.
     */
    List<Trunk> holding(NodeId node, List<Port> ports) {
        Set<String> lost = new HashSet<>();
        Set<String> parents = new LinkedHashSet<>();
        for (Port port : ports) {
            if (port.isSubPort()) {
                lost.add(port.id());
                mark.read(port).map(Mark.Key::parent).ifPresent(parents::add);
            }
        }
        Map<String, Trunk> found = new HashMap<>();
        if (!lost.isEmpty()) {
            api.list(Kind.TRUNK, "port_id", parents).forEach(trunk -> keep(trunk, found, lost));
        }
        if (!lost.isEmpty()) {
            own(node).forEach(trunk -> keep(trunk, found, lost));
        }
        if (!lost.isEmpty()) {
            api.list(Kind.TRUNK, Query.by("project_id", api.project())).forEach(trunk -> keep(trunk, found, lost));
        }
        return found.values().stream()
                .filter(trunk ->
                        ports.stream().anyMatch(port -> trunk.tagOf(port.id()).isPresent()))
                .toList();
    }

    private static void keep(Trunk trunk, Map<String, Trunk> found, Set<String> lost) {
        found.put(trunk.id(), trunk);
        trunk.subPorts().forEach(sub -> lost.remove(sub.portId()));
    }

    private List<Trunk> own(NodeId node) {
        return api.ours(Kind.TRUNK, "description", List.of(mark.trunk(node)));
    }

    /** Those with the node's mark. On one that strangers use it stays. */
    void deleteEmpty(NodeId node) {
        if (!api.has("trunk")) {
            return;
        }
        for (Trunk trunk : own(node)) {
            if (trunk.subPorts().isEmpty()) {
                Answer answer = api.delete(Kind.TRUNK, trunk.id());
                if (!answer.missing()) {
                    answer.orThrow();
                }
            }
        }
    }
}
