package io.portolan.agent.control;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.identity.TokenFile;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.ssl.SslBundles;

/**
 * Where the control plane is, and what this node says of itself.
 *
 * @param topologyUrls of topology-service's replicas
 * @param ipamUrls of ipam-service's replicas
 * @param machine its size
 * @param nodeClass which of the cluster's node classes sizes it
 * @param parentPort the VM's own port in the cloud; instead of a chassis
 * @param identity what services are shown; nothing where they are open
 * @param bundles by which services are known where they speak TLS
 * @param registerEvery how often the node says that it is there
 * @param compareEvery how often cache and ledger are compared
 */
public record ControlSettings(
        ClusterName cluster,
        NodeName node,
        List<URI> topologyUrls,
        List<URI> ipamUrls,
        Machine machine,
        Optional<String> nodeClass,
        Optional<String> parentPort,
        Optional<TokenFile> identity,
        SslBundles bundles,
        Duration registerEvery,
        Duration compareEvery,
        Duration connectTimeout,
        Duration callTimeout) {
    public ControlSettings {
        topologyUrls = List.copyOf(topologyUrls);
        ipamUrls = List.copyOf(ipamUrls);
    }
}
