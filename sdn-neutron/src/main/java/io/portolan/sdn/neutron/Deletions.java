package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes ports off their trunks, in one call a trunk, and deletes them. Neutron deletes one port a call: a few calls run
 * at once, and the first failure ends them all.
 */
record Deletions(NeutronApi api, Trunks trunks) {
    private static final int AT_ONCE = 4;

    void delete(NodeId node, List<Port> ports) {
        if (ports.isEmpty()) {
            return;
        }
        Set<String> ids = ports.stream().map(Port::id).collect(Collectors.toSet());
        trunks.holding(node, ports).forEach(trunk -> trunks.unnest(trunk, ids));
        Queue<String> left = new ConcurrentLinkedQueue<>(ids);
        List<Future<?>> workers = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < Math.min(AT_ONCE, ids.size()); i++) {
                workers.add(executor.submit(() -> work(left)));
            }
        }
        workers.forEach(Deletions::outcome);
    }

    private void work(Queue<String> left) {
        try {
            for (String id = left.poll(); id != null; id = left.poll()) {
                Answer answer = api.delete(Kind.PORT, id);
                if (answer.type().equals("PortInUseAsSubPort")) {
                    throw new Overtaken("port %s is on a trunk again".formatted(id));
                }
                if (!answer.missing()) {
                    answer.orThrow();
                }
            }
        } catch (SdnFailure | Overtaken e) {
            left.clear();
            throw e;
        }
    }

    private static void outcome(Future<?> worker) {
        try {
            worker.get();
        } catch (ExecutionException e) {
            @Nullable Throwable cause = e.getCause();
            throw cause instanceof RuntimeException plain ? plain : new Unavailable("deleting a port failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unavailable("interrupted while ports were deleted", e);
        }
    }
}
