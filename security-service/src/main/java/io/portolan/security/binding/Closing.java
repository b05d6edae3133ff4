package io.portolan.security.binding;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.sdn.SdnSecurity;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Closes nodes' ports by default, each node once; the audit looks at it again. */
@Component
public final class Closing {
    private final BindingRepository bindings;

    Closing(BindingRepository bindings) {
        this.bindings = bindings;
    }

    /** Those of these nodes that are not closed yet, where their cluster's security is declared. */
    void close(SdnSecurity network, Collection<UUID> nodes) {
        if (!nodes.isEmpty()) {
            shut(network, bindings.notClosed(nodes));
        }
    }

    /** Those of the cluster that are not closed yet and have made ports. */
    public void close(SdnSecurity network, ClusterId cluster) {
        shut(network, bindings.notClosed(cluster.value()));
    }

    private void shut(SdnSecurity network, List<UUID> nodes) {
        if (!nodes.isEmpty()) {
            network.close(nodes.stream().map(NodeId::new).toList());
            bindings.closed(nodes);
        }
    }

    /** The network has been told to open all of them. */
    public void opened(ClusterId cluster) {
        bindings.opened(cluster.value());
    }
}
