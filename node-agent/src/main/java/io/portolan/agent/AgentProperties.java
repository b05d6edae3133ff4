package io.portolan.agent;

import io.portolan.agent.cache.CacheSettings;
import io.portolan.agent.control.ControlSettings;
import io.portolan.agent.control.Machine;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.identity.TokenFile;
import io.portolan.ovsdb.OvsdbEndpoint;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.ssl.SslBundles;

/**
 * Which node this is, and where it finds its database and the control plane.
 *
 * @param cluster its cluster's name; must be given
 * @param node its name in Kubernetes; must be given
 * @param topologyUrls of topology-service's replicas
 * @param ipamUrls of ipam-service's replicas
 * @param ovsdb the node's own {@code ovsdb-server}
 * @param ovsdbControl its control socket; without one it is found by the pid file beside a unix socket
 * @param cacheFile where the port cache is kept
 * @param cpus cores that the node says it has; without it those of the machine
 * @param memoryMib memory that the node says it has, in MiB; without it that of the machine
 * @param maxPods kubelet's limit
 * @param nodeClass which of the cluster's node classes sizes the node
 * @param parentPort the id of the VM's own port in the cloud, by which the node is in underlay mode; without it the node is an
 *     OVN chassis, in overlay mode
 * @param tokenFile by whose token the node shows the services which one it is; without it they are shown none
 * @param registerEvery how often the node says that it is there
 * @param compareEvery how often cache and ledger are compared
 * @param connectTimeout of a call to the control plane
 * @param callTimeout of a call to the control plane, from its sending to its answer
 * @param cachePatience how long a pod waits for the node's database before it is told that it is away
 * @param security security profiles
 * @param kubernetes the API server, as far as profiles need it
 */
@ConfigurationProperties(prefix = "portolan.agent", ignoreUnknownFields = false)
public record AgentProperties(
        @Nullable String cluster,
        @Nullable String node,
        @DefaultValue("http://127.0.0.1:8082") List<URI> topologyUrls,
        @DefaultValue("http://127.0.0.1:8081") List<URI> ipamUrls,
        @DefaultValue("unix:/var/run/openvswitch/db.sock") String ovsdb,
        @Nullable Path ovsdbControl,

        @DefaultValue("/var/lib/openvswitch/portolan-node.db")
        Path cacheFile,

        @Nullable Integer cpus,
        @Nullable Integer memoryMib,
        @DefaultValue("110") int maxPods,
        @Nullable String nodeClass,
        @Nullable String parentPort,
        @Nullable Path tokenFile,
        @DefaultValue("10s") Duration registerEvery,
        @DefaultValue("60s") Duration compareEvery,
        @DefaultValue("2s") Duration connectTimeout,
        @DefaultValue("10s") Duration callTimeout,
        @DefaultValue("10s") Duration cachePatience,
        @DefaultValue SecurityProperties security,
        @DefaultValue KubernetesProperties kubernetes) {
    public AgentProperties {
        topologyUrls = some("topology-urls", checked("topology-urls", topologyUrls));
        ipamUrls = some("ipam-urls", checked("ipam-urls", ipamUrls));
        if (parentPort != null && parentPort.isBlank()) {
            throw new IllegalArgumentException("portolan.agent.parent-port is blank: leave it out in overlay mode");
        }
        for (Duration time : List.of(registerEvery, compareEvery, connectTimeout, callTimeout, cachePatience)) {
            if (!time.isPositive()) {
                throw new IllegalArgumentException("the times of portolan.agent are positive, not " + time);
            }
        }
    }

    private static List<URI> some(String name, List<URI> urls) {
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("portolan.agent.%s names no replica".formatted(name));
        }
        return urls;
    }

    /** Without the slash at the end. */
    static List<URI> checked(String name, List<URI> urls) {
        return urls.stream()
                .map(url -> {
                    boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
                    if (!web || url.getHost() == null) {
                        throw new IllegalArgumentException(
                                "portolan.agent.%s: '%s' is no http:// or https:// address".formatted(name, url));
                    }
                    return URI.create(url.toString().replaceFirst("/+$", ""));
                })
                .toList();
    }

    private static String given(String name, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("portolan.agent.%s must be given".formatted(name));
        }
        return value;
    }

    boolean isInUnderlay() {
        return parentPort != null;
    }

    OvsdbEndpoint server() {
        return OvsdbEndpoint.parse(ovsdb);
    }

    CacheSettings cacheSettings() {
        return new CacheSettings(
                new ClusterName(given("cluster", cluster)),
                new NodeName(given("node", node)),
                server(),
                Optional.ofNullable(ovsdbControl),
                cacheFile,
                cachePatience);
    }

    ControlSettings controlSettings(SslBundles bundles) {
        return new ControlSettings(
                new ClusterName(given("cluster", cluster)),
                new NodeName(given("node", node)),
                topologyUrls,
                ipamUrls,
                Machine.of(Optional.ofNullable(cpus), Optional.ofNullable(memoryMib), maxPods),
                Optional.ofNullable(nodeClass),
                Optional.ofNullable(parentPort),
                Optional.ofNullable(tokenFile).map(TokenFile::new),
                bundles,
                registerEvery,
                compareEvery,
                connectTimeout,
                callTimeout);
    }
}
