package io.portolan.e2e.chaos;

import io.portolan.e2e.stack.ContainerRuntime;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Kubelets: each starts and stops pods on its node, as many as it likes at a time. A pod whose ADD failed gets a DEL and is
 * tried again another time; now and then a sandbox dies without a DEL, and most such pods get another.
 */
final class Tenants implements AutoCloseable {
    private static final int HANDS_A_NODE = 2;
    private static final int PODS_A_HAND = 6;

    private final ContainerRuntime runtime;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> hands = new ArrayList<>();
    private final Map<String, Pod> live = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> wrongs = new ConcurrentLinkedQueue<>();
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean over;

    Tenants(ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    void begin(List<Worker> workers, long seed) {
        Random random = new Random(seed);
        for (Worker worker : workers) {
            for (int hand = 0; hand < HANDS_A_NODE; hand++) {
                Random dice = new Random(random.nextLong());
                String name = "%s-%d".formatted(worker.host().name(), hand);
                hands.add(threads.submit(() -> work(worker, name, dice)));
            }
        }
    }

    /** Returns when the last call under way is answered; the pods that live stay. */
    void end() throws InterruptedException {
        over = true;
        for (Future<?> hand : hands) {
            try {
                hand.get();
            } catch (ExecutionException e) {
                wrongs.add("a kubelet gave up: " + e.getCause());
            }
        }
    }

    private void work(Worker worker, String name, Random dice) {
        List<Pod> mine = new ArrayList<>();
        for (int i = 0; !over; i++) {
            if (mine.size() < PODS_A_HAND && (mine.isEmpty() || dice.nextInt(5) < 3)) {
                start(worker, name + "-" + i, UUID.randomUUID(), mine);
            } else {
                Pod pod = mine.remove(dice.nextInt(mine.size()));
                live.remove(pod.address());
                switch (dice.nextInt(16)) {
                    case 0 -> pod.sandbox().close();
                    case 1, 2 -> {
                        pod.sandbox().close();
                        start(worker, pod.name(), pod.uid(), mine);
                    }
                    default -> stop(pod);
                }
            }
        }
    }

    private void start(Worker worker, String name, UUID uid, List<Pod> mine) {
        Pod pod = runtime.start(worker.host(), name, uid);
        if (!pod.added().ok()) {
            refused.incrementAndGet();
            stop(pod);
            return;
        }
        started.incrementAndGet();
        mine.add(pod);
        Pod other = live.putIfAbsent(pod.address(), pod);
        if (other != null) {
            wrongs.add("%s is %s's and was given to %s".formatted(pod.address(), other.name(), pod.name()));
        }
    }

    private void stop(Pod pod) {
        if (!runtime.stop(pod).ok()) {
            wrongs.add("DEL of %s was refused".formatted(pod.name()));
        }
    }

    int started() {
        return started.get();
    }

    /** ADDs that failed, as they may. */
    int refused() {
        return refused.get();
    }

    /** In words: what must never be. */
    List<String> wrongs() {
        return List.copyOf(wrongs);
    }

    /** Pods that were started and not stopped, by address. */
    Map<String, Pod> live() {
        return new TreeMap<>(live);
    }

    @Override
    public void close() {
        over = true;
        threads.shutdownNow();
    }
}
