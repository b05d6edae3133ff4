package io.portolan.security.binding;

import static java.util.stream.Collectors.toSet;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.BindingAnswer;
import io.portolan.model.api.BindingRequest;
import io.portolan.sdn.SdnFailure;
import io.portolan.security.network.NetworkRefused;
import io.portolan.security.settings.SecurityProperties;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.stereotype.Component;

/** Puts ports in profiles for their nodes, finishes what was left undone, and closes what no node holds. */
@Component
public final class Bindings {
    private final BindingIntents intents;
    private final BindingWrites writes;
    private final BindingRepository repository;
    private final Duration deadline;
    private final Duration grace;

    Bindings(
            BindingIntents intents, BindingWrites writes, BindingRepository repository, SecurityProperties properties) {
        this.intents = intents;
        this.writes = writes;
        this.repository = repository;
        this.deadline = properties.bindDeadline();
        this.grace = properties.grace();
    }

    /** Answers when the network has taken all of them. */
    BindingAnswer bind(NodeId node, BindingRequest request) {
        BindingIntents.Intent intent = intents.write(node, request);
        Set<PortId> closing = request.bindings().stream()
                .filter(binding -> binding.profiles().isEmpty())
                .map(BindingRequest.Binding::port)
                .collect(toSet());
        return new BindingAnswer(await(writes.make(intent.cluster(), intent.ports(), closing), deadline)
                .mark());
    }

    private static <T> T await(CompletableFuture<T> done, Duration limit) {
        try {
            return done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new BindingRefused.Late(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BindingRefused.Late(limit);
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case SdnFailure failure -> NetworkRefused.of(failure);
                case RuntimeException other -> other;
                case null, default -> new IllegalStateException("a write of bindings died", e);
            };
        }
    }

    /** Writes again what the network has not said that it took; as many as go in one write. */
    public void finish(ClusterId cluster) {
        make(cluster, repository.unfinished(cluster.value(), grace.toMillis() / 1e3));
    }

    /** @return how many ports had been given back in a set */
    public int sweep(ClusterId cluster) {
        return repository.sweep(cluster.value(), grace.toMillis() / 1e3);
    }

    /**
     * Closes all ports of the cluster, some at a time.
     *
     * @return how many are left
     */
    public long closeAll(ClusterId cluster) {
        repository.closeAll(cluster.value());
        make(cluster, repository.unfinished(cluster.value(), 0));
        return repository.count(cluster.value());
    }

    private void make(ClusterId cluster, Collection<UUID> ports) {
        writes.makeEach(cluster, ports.stream().map(PortId::new).toList());
    }
}
