package io.portolan.networks;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import org.jspecify.annotations.Nullable;

/**
 * Where a cluster's network is.
 *
 * @param secretRef names the secret that holds the credential
 * @param southbound where OVN says which machine has bound which port; null where nobody said
 */
public record NetworkTarget(
        ClusterId cluster,
        ClusterName name,
        Mode mode,
        String endpoints,
        @Nullable String secretRef,
        @Nullable String southbound) {
    /** For those who do not ask where ports are bound. */
    public NetworkTarget(ClusterId cluster, ClusterName name, Mode mode, String endpoints, @Nullable String secretRef) {
        this(cluster, name, mode, endpoints, secretRef, null);
    }
}
