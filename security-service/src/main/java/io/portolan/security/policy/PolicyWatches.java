package io.portolan.security.policy;

import io.portolan.kit.kube.KubernetesAccess;
import io.portolan.model.ClusterId;
import io.portolan.security.settings.SecurityProperties;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * The watches of those clusters that are this replica's: by a lease in the ledger, which a replica that dies lets run out. A
 * replica that lost it may finish one write of what it saw; the next owner's write mends that.
 */
@Component
class PolicyWatches implements DisposableBean {
    private record Running(@Nullable String secret, PolicyWatch watch) {}

    private final PolicyRepository repository;
    private final KubernetesAccess access;
    private final Duration lease;
    private final UUID replica = UUID.randomUUID();
    private final Map<ClusterId, Running> running = new HashMap<>();
    private final List<Consumer<ClusterId>> listeners = new CopyOnWriteArrayList<>();

    PolicyWatches(PolicyRepository repository, SecurityProperties properties) {
        this.repository = repository;
        this.access = new KubernetesAccess(properties.secrets());
        this.lease = properties.policies().lease();
    }

    void onChange(Consumer<ClusterId> listener) {
        listeners.add(listener);
    }

    /** Often enough to keep a lease. */
    Duration renewal() {
        return lease.dividedBy(3);
    }

    /** Tries to have, or to keep, the cluster; without it there is no watch of it here. */
    boolean isMine(ClusterId cluster) {
        boolean mine = repository.watch(cluster.value(), replica, lease.toMillis() / 1e3) == 1;
        if (!mine) {
            stop(cluster);
        }
        return mine;
    }

    /** For whoever looks at the cluster's security. */
    void stands(ClusterId cluster, PolicyStand stand) {
        repository.stands(cluster.value(), replica, stand.state(), stand.stateReason(), stand.stateProblem());
    }

    /** @throws IllegalStateException where there is no such secret, or it cannot be read */
    synchronized PolicyWatch of(ClusterId cluster, @Nullable String secret) {
        Running now = running.get(cluster);
        if (now != null && Objects.equals(now.secret(), secret)) {
            return now.watch();
        }
        stop(cluster);
        Runnable tell = () -> listeners.forEach(listener -> listener.accept(cluster));
        PolicyWatch watch = new PolicyWatch(access.client(secret), tell);
        running.put(cluster, new Running(secret, watch));
        return watch;
    }

    synchronized void stop(ClusterId cluster) {
        Running was = running.remove(cluster);
        if (was != null) {
            was.watch().close();
        }
    }

    /** Others are not declared any more. */
    synchronized void keep(Set<ClusterId> clusters) {
        List.copyOf(running.keySet()).stream()
                .filter(cluster -> !clusters.contains(cluster))
                .forEach(this::stop);
    }

    /** Another replica need not wait for the leases to run out. */
    @Override
    public synchronized void destroy() {
        List.copyOf(running.keySet()).forEach(this::stop);
        repository.leave(replica);
    }
}
