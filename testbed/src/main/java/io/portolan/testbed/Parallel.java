package io.portolan.testbed;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Doing several slow things at once. */
public final class Parallel {
    private Parallel() {}

    /** The results in the order of the tasks; all have ended when this returns or fails with the first failure. */
    public static <T> List<T> all(List<? extends Callable<T>> tasks) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(tasks)) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new TestbedFailed("cannot start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while starting", e);
        }
    }
}
