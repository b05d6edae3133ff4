package io.portolan.lb.sync;

import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Lets writes of one network that come at about the same time go together. Whoever comes first waits a bounded while, takes
 * along all that have come meanwhile, and writes for everybody; who comes while a write is under way goes with the next one.
 * A network that takes each balancer alone gets each at once, and they do not wait for each other.
 */
final class Batches {
    private record Waiting(LoadBalancerId id, LoadBalancerSpec spec, CompletableFuture<Settled> answer, long since) {}

    private final Supplier<SdnLoadBalancers> network;
    private final Duration delay;
    private final ReentrantLock turn = new ReentrantLock();
    private final List<Waiting> waiting = new ArrayList<>();

    Batches(Supplier<SdnLoadBalancers> network, Duration delay) {
        this.network = network;
        this.delay = delay;
    }

    Settled ensure(LoadBalancerSpec spec) {
        SdnLoadBalancers balancers = network.get();
        if (balancers.batch() <= 1) {
            try {
                return one(balancers.ensure(List.of(spec)), spec.id());
            } catch (SdnFailure e) {
                return new Settled.Failed(e);
            }
        }
        Waiting mine = new Waiting(spec.id(), spec, new CompletableFuture<>(), System.nanoTime());
        synchronized (waiting) {
            waiting.add(mine);
        }
        turn.lock();
        try {
            while (!mine.answer().isDone()) {
                pause(mine.since());
                write(balancers, next(balancers.batch()));
            }
        } finally {
            turn.unlock();
        }
        return mine.answer().join();
    }

    private void pause(long since) {
        long left = delay.toNanos() - (System.nanoTime() - since);
        if (left > 0) {
            try {
                Thread.sleep(Duration.ofNanos(left));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The oldest ones, a balancer once. */
    private Map<LoadBalancerId, Waiting> next(int most) {
        Map<LoadBalancerId, Waiting> batch = new LinkedHashMap<>();
        synchronized (waiting) {
            waiting.removeIf(each -> batch.size() < most && batch.putIfAbsent(each.id(), each) == null);
        }
        return batch;
    }

    private static void write(SdnLoadBalancers balancers, Map<LoadBalancerId, Waiting> batch) {
        Collection<LoadBalancerSpec> specs =
                batch.values().stream().map(Waiting::spec).toList();
        Function<LoadBalancerId, Settled> answers;
        try {
            Map<LoadBalancerId, Settled> settled = balancers.ensure(specs);
            answers = id -> one(settled, id);
        } catch (SdnFailure e) {
            answers = id -> new Settled.Failed(e);
        } catch (RuntimeException | Error e) {
            batch.values().forEach(each -> each.answer().completeExceptionally(e));
            return;
        }
        for (Waiting each : batch.values()) {
            each.answer().complete(answers.apply(each.id()));
        }
    }

    static Settled one(Map<LoadBalancerId, Settled> settled, LoadBalancerId id) {
        Settled answer = settled.get(id);
        return answer != null
                ? answer
                : new Settled.Failed(new SdnFailure.Unavailable("the network said nothing of load balancer " + id));
    }
}
