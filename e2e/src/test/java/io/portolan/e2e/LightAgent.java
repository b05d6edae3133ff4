package io.portolan.e2e;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.CacheSettings;
import io.portolan.agent.cache.NodeClock;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cache.PortPreference;
import io.portolan.agent.cache.PortRequest;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.control.ControlSettings;
import io.portolan.agent.control.Machine;
import io.portolan.agent.control.Wires;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;

/** An agent without a switch: its own loops and its own cache in a real {@code ovsdb-server}, and pods that are only names. */
final class LightAgent implements AutoCloseable {
    private static final Path SWITCH = Path.of("/usr/share/openvswitch/vswitch.ovsschema");
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int PODS = 6;

    private final String name;
    private final PortCache cache;
    private final ControlPlane control;
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Deque<String> pods = new ArrayDeque<>();
    private final Thread thread;
    private long started;
    private long refused;
    private volatile boolean stopping;

    LightAgent(Workspace workspace, String cluster, String name, List<URI> topologyUrls, List<URI> ipamUrls)
            throws InterruptedException {
        this.name = name;
        OvsdbServer server = OvsdbServer.in(workspace, name).database(SWITCH).start();
        cache = PortCache.open(
                new CacheSettings(
                        new ClusterName(cluster),
                        new NodeName(name),
                        OvsdbEndpoint.parse(server.unixRemote()),
                        Optional.of(server.controlSocket()),
                        server.directory().resolve("node.db"),
                        PATIENCE),
                NodeClock.system());
        if (!cache.awaitReady(PATIENCE)) {
            throw new IllegalStateException("the cache is not ready: " + cache.trouble());
        }
        control = new ControlPlane(
                new ControlSettings(
                        new ClusterName(cluster),
                        new NodeName(name),
                        topologyUrls,
                        ipamUrls,
                        new Machine(8, 16_384, 100),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        new DefaultSslBundleRegistry(),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(10)),
                cache,
                Wires.NONE,
                () -> Optional.of("chassis-" + name),
                () -> {},
                meters);
        control.start();
        thread = Thread.ofVirtual().name("pods of " + name).start(this::run);
    }

    /** Pods come and go; a pod that finds no port is counted and not waited for. */
    private void run() {
        while (!stopping && cache.counts().free() == 0) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
        while (!stopping) {
            String pod = UUID.randomUUID().toString();
            PortRequest request =
                    PortRequest.of(key(pod), "/run/netns/" + pod, new PodRef("shop", "cart", "uid-" + pod));
            if (cache.take(request, PortPreference.NONE).isPresent()) {
                pods.addLast(pod);
                started++;
            } else {
                refused++;
            }
            if (pods.size() > PODS) {
                cache.release(key(pods.removeFirst()));
            }
            LockSupport.parkNanos(Duration.ofMillis(250).toNanos());
        }
    }

    private static AttachmentKey key(String pod) {
        return new AttachmentKey(pod, "eth0");
    }

    String name() {
        return name;
    }

    PortCache cache() {
        return cache;
    }

    ControlPlane control() {
        return control;
    }

    /** Of pods that got a port; to be read after {@link #stop}. */
    long started() {
        return started;
    }

    long refused() {
        return refused;
    }

    /** Reports that the ledger did not believe. */
    double declined() {
        return meters.get("portolan.reports.refused").counter().count();
    }

    void stop() {
        stopping = true;
        try {
            thread.join(PATIENCE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
        control.close();
        cache.close();
    }
}
