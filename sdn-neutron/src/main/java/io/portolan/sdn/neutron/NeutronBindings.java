package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import java.util.HashMap;
import java.util.Map;

/**
 * Which ports the cloud carries traffic for. It does not tell a tenant on which machine; a port inside a VM is active as long
 * as the VM's own port is plugged in.
 */
record NeutronBindings(NeutronApi api, Mark mark) implements SdnBindings {
    @Override
    public Map<String, Binding> all() {
        Map<String, Binding> all = new HashMap<>();
        for (Port port : api.list(Kind.PORT, Query.by("status", "ACTIVE"))) {
            if (mark.read(port, Mark.Kind.PORT).isPresent()) {
                all.put(port.id(), new Binding(null, true));
            }
        }
        return all;
    }
}
