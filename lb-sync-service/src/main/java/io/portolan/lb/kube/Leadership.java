package io.portolan.lb.kube;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.portolan.lb.settings.LbProperties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this replica is the active one for a cluster: holder of a Lease in that very cluster. Whoever loses it, or cannot
 * renew it in time, tries for it again.
 *
 * <p>The Lease is in the led cluster, so each cluster has a leader of its own, and leadership ends where the truth that it
 * is about cannot be read any more ({@code docs/adr}: one Lease in each cluster).
 */
public final class Leadership implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Leadership.class);

    private final KubernetesClient client;
    private final LbProperties.Lease lease;
    private final String replica;
    private final Runnable before;
    private final Runnable after;
    private final ExecutorService executor = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("lease-", 0).factory());
    private volatile boolean leading;
    private volatile boolean closed;
    private volatile CompletableFuture<?> election = CompletableFuture.completedFuture(null);

    /**
     * @param before run when it is gained, while {@link #isLeading} is false still
     * @param after run when it is gained and {@link #isLeading} says so
     */
    public Leadership(
            KubernetesClient client, LbProperties.Lease lease, String replica, Runnable before, Runnable after) {
        this.client = client;
        this.lease = lease;
        this.replica = replica;
        this.before = before;
        this.after = after;
        executor.execute(this::run);
    }

    public boolean isLeading() {
        return leading && !closed;
    }

    private void run() {
        while (!closed) {
            try {
                election = client.leaderElector()
                        .withConfig(new LeaderElectionConfigBuilder()
                                .withName(lease.name())
                                .withLock(new LeaseLock(lease.namespace(), lease.name(), replica))
                                .withLeaseDuration(lease.duration())
                                .withRenewDeadline(lease.renewDeadline())
                                .withRetryPeriod(lease.retry())
                                .withReleaseOnCancel(true)
                                .withLeaderCallbacks(new LeaderCallbacks(this::gained, this::lost, leader -> {}))
                                .build())
                        .build()
                        .start();
                election.join();
            } catch (CancellationException e) {
                log.debug("The election in which {} took part is over", replica);
            } catch (RuntimeException e) {
                log.warn("{} cannot take part in the election of {}: {}", replica, lease.name(), e.getMessage());
            }
            leading = false;
            pause();
        }
    }

    private void pause() {
        try {
            Thread.sleep(lease.retry());
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private void gained() {
        before.run();
        leading = true;
        log.info("{} is the active replica now", replica);
        after.run();
    }

    private void lost() {
        leading = false;
        log.info("{} is not the active replica any more", replica);
    }

    /** Lets go of the Lease, so that another one need not wait. */
    @Override
    public void close() {
        closed = true;
        leading = false;
        election.cancel(true);
        executor.shutdownNow();
    }
}
