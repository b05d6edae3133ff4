package io.portolan.agent.netlink;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * The platform threads that wait for the kernel in place of virtual ones. Few, because the kernel serves all of rtnetlink
 * under one lock; they go when idle.
 */
public final class KernelThreads {
    private static final int COUNT = 4;
    private static final ThreadPoolExecutor POOL = pool();

    private static final ExecutorService STAYING = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("kernel-", 0).factory());

    private KernelThreads() {}

    static <T> T call(Supplier<T> work) {
        return Thread.currentThread().isVirtual() ? await(CompletableFuture.supplyAsync(work, POOL)) : work.get();
    }

    /**
     * Does all of a work on one platform thread: what asks the kernel ten times would change threads twenty times else, which
     * takes longer than the questions. As many at once as are called, so the caller bounds them.
     */
    public static <T> T stay(Supplier<T> work) {
        if (!Thread.currentThread().isVirtual()) {
            return work.get();
        }
        Map<String, String> about = MDC.getCopyOfContextMap();
        return await(CompletableFuture.supplyAsync(() -> knowing(about, work), STAYING));
    }

    /** What the caller's log lines say, the work's say, too. */
    private static <T> T knowing(@Nullable Map<String, String> about, Supplier<T> work) {
        if (about != null) {
            MDC.setContextMap(about);
        }
        try {
            return work.get();
        } finally {
            MDC.clear();
        }
    }

    /** Not to be interrupted: what is awaited takes milliseconds, and its descriptors would be lost. */
    static <T> T await(CompletableFuture<T> result) {
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static ThreadPoolExecutor pool() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                COUNT,
                COUNT,
                30,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("netlink-", 0).factory());
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
