package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Takes ports off their trunks, in one call a trunk, and deletes them. Neutron deletes one port a call.
 */
record Deletions(NeutronApi api, Trunks trunks) {
    void delete(NodeId node, List<Port> ports) {
        if (ports.isEmpty()) {
            return;
        }
        Set<String> ids = ports.stream().map(Port::id).collect(Collectors.toSet());
        trunks.holding(node, ports).forEach(trunk -> trunks.unnest(trunk, ids));
        AtOnce.each("deleting ports", ids, this::delete);
    }

    private void delete(String id) {
        Answer answer = api.delete(Kind.PORT, id);
        if (answer.type().equals("PortInUseAsSubPort")) {
            throw new Overtaken("port %s is on a trunk again".formatted(id));
        }
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
