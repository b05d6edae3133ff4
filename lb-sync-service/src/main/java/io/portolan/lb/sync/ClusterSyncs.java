package io.portolan.lb.sync;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.kube.KubernetesAccess;
import io.portolan.lb.balancer.Balancers;
import io.portolan.lb.cluster.Cluster;
import io.portolan.lb.cluster.LoadBalancing;
import io.portolan.lb.cluster.LoadBalancings;
import io.portolan.lb.directory.PortDirectory;
import io.portolan.lb.floating.FloatingIpFollower;
import io.portolan.lb.floating.PodFloatingIps;
import io.portolan.lb.settings.LbProperties;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnFailure;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/** Keeps a {@link ClusterSync} for each cluster that is declared: woken by the ledger and by a timer. */
@Component
final class ClusterSyncs implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(ClusterSyncs.class);

    private final LoadBalancings balancings;
    private final Networks networks;
    private final PortDirectory directory;
    private final KubernetesAccess access;
    private final LbProperties properties;
    private final ClusterSync.Surroundings surroundings;
    private final Map<ClusterId, ClusterSync> open = new ConcurrentHashMap<>();
    private final FloatingIpFollower floatingIps;
    private final Map<ClusterId, PodFloatingIps> followed = new ConcurrentHashMap<>();
    private final Semaphore signals = new Semaphore(0);
    private volatile boolean running;
    private volatile Thread thread = Thread.currentThread();

    ClusterSyncs(
            LoadBalancings balancings,
            Balancers balancers,
            Networks networks,
            PortDirectory directory,
            KubernetesAccess access,
            FloatingIpFollower floatingIps,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            LbProperties properties) {
        this.balancings = balancings;
        this.networks = networks;
        this.directory = directory;
        this.access = access;
        this.floatingIps = floatingIps;
        this.properties = properties;
        this.surroundings =
                new ClusterSync.Surroundings(balancings, balancers, networks, directory, locks, meters, properties);
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("load_balancing") || table.equals("cluster")) {
                    signals.release();
                } else if (table.equals("node")) {
                    open.values().forEach(ClusterSync::everythingChanged);
                }
            }

            @Override
            public void mayHaveMissed() {
                signals.release();
            }
        });
    }

    @Override
    public synchronized void start() {
        running = true;
        thread = Thread.ofVirtual().name("cluster-syncs").start(this::run);
    }

    private void run() {
        while (running) {
            try {
                look();
            } catch (DataAccessException e) {
                log.warn("The ledger does not say which clusters to watch: {}", e.getMessage());
            }
            try {
                boolean woken = signals.tryAcquire(properties.reopen().toMillis(), TimeUnit.MILLISECONDS);
                log.debug("Looking at the declared clusters, woken: {}", woken);
                signals.drainPermits();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look() {
        Set<ClusterId> wanted = new HashSet<>();
        for (LoadBalancing each : balancings.all()) {
            Optional<Cluster> cluster = balancings.cluster(each.clusterId()).filter(found -> !found.isDeleting());
            if (cluster.isPresent()) {
                wanted.add(each.clusterId());
                look(cluster.get(), each);
            }
        }
        for (ClusterId gone : Set.copyOf(open.keySet())) {
            if (!wanted.contains(gone)) {
                close(gone);
                networks.forget(gone);
                directory.forget(gone);
            }
        }
    }

    private void look(Cluster cluster, LoadBalancing declared) {
        ClusterId id = cluster.id();
        ClusterSync sync = open.get(id);
        if (sync != null
                && !sync.declared().spec().kubernetes().equals(declared.spec().kubernetes())) {
            close(id);
            sync = null;
        }
        try {
            if (sync == null) {
                KubernetesClient client =
                        access.client(declared.spec().kubernetes().secretRef());
                sync = new ClusterSync(surroundings, cluster, declared, client);
                open.put(id, sync);
                floatingIps.follow(cluster.name(), client, sync::isActive).ifPresent(pods -> followed.put(id, pods));
            }
            sync.declared(declared);
            networks.of(cluster.target()).loadBalancers().abilities();
            sync.catchUp();
            Optional.ofNullable(followed.get(id)).ifPresent(PodFloatingIps::catchUp);
            if (sync.isActive()) {
                balancings.stand(id, "ready", null);
            }
        } catch (IllegalStateException | KubernetesClientException | SdnFailure e) {
            if (!declared.state().equals("ready") || e instanceof SdnFailure) {
                balancings.stand(id, "failed", String.valueOf(e.getMessage()));
            }
            log.warn("Services of cluster {} are not watched here: {}", cluster.name(), e.getMessage());
        }
    }

    private void close(ClusterId id) {
        PodFloatingIps pods = followed.remove(id);
        if (pods != null) {
            pods.close();
        }
        ClusterSync sync = open.remove(id);
        if (sync != null) {
            sync.close();
        }
    }

    /** What is stuck, in words. */
    List<String> stuck() {
        List<String> all = new ArrayList<>();
        open.values().forEach(sync -> sync.stuck().ifPresent(all::add));
        followed.values().forEach(pods -> pods.stuck().ifPresent(all::add));
        return all;
    }

    /** Clusters that this replica has not listed yet. */
    Map<String, String> behind() {
        Map<String, String> behind = new TreeMap<>();
        open.forEach((id, sync) -> {
            if (!sync.isSynced()) {
                behind.put(id.toString(), "its Services are not listed yet");
            }
        });
        return behind;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public synchronized void stop() {
        running = false;
        thread.interrupt();
        Set.copyOf(open.keySet()).forEach(this::close);
    }
}
