package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Unavailable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Calls of which Neutron takes one object each: a few run at once, and the first failure ends them all. */
final class AtOnce {
    private static final int SOME = 4;

    private AtOnce() {}

    static <T> void each(String what, Collection<T> all, Consumer<T> call) {
        if (all.size() == 1) {
            all.forEach(call);
            return;
        }
        Queue<T> left = new ConcurrentLinkedQueue<>(all);
        List<Future<?>> workers = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < Math.min(SOME, all.size()); i++) {
                workers.add(executor.submit(() -> work(left, call)));
            }
        }
        workers.forEach(worker -> outcome(what, worker));
    }

    private static <T> void work(Queue<T> left, Consumer<T> call) {
        try {
            for (T each = left.poll(); each != null; each = left.poll()) {
                call.accept(each);
            }
        } catch (SdnFailure | Overtaken e) {
            left.clear();
            throw e;
        }
    }

    private static void outcome(String what, Future<?> worker) {
        try {
            worker.get();
        } catch (ExecutionException e) {
            @Nullable Throwable cause = e.getCause();
            throw cause instanceof RuntimeException plain ? plain : new Unavailable(what + " failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unavailable("interrupted while " + what, e);
        }
    }
}
