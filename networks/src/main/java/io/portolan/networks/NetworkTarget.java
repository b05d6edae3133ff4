package io.portolan.networks;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import org.jspecify.annotations.Nullable;

/**
 * Where a cluster's network is.
 *
 * @param secretRef names the secret that holds the credential
 */
public record NetworkTarget(
        ClusterId cluster,
        ClusterName name,
        Mode mode,
        String endpoints,
        @Nullable String secretRef) {}
