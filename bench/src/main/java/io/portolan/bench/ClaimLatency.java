package io.portolan.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A claim's time with a million ports of 5,000 nodes in the ledger, in turn with one of 10,000 ports of 50 nodes. */
final class ClaimLatency implements Harness {
    private static final int MANY = 5_000;
    private static final int FEW = 50;
    private static final int CLIENTS = 4;
    private static final int BATCH = 16;
    private static final int ROUNDS = 6;
    private static final Duration LENGTH = Duration.ofSeconds(5);

    @Override
    public String name() {
        return "claim-latency";
    }

    @Override
    public List<Figure> measure() {
        try (LargeLedger few = new LargeLedger(FEW);
                LargeLedger many = new LargeLedger(MANY)) {
            took(few);
            took(many);
            List<Long> ofFew = new ArrayList<>();
            List<Long> ofMany = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                ofFew.addAll(took(few));
                ofMany.addAll(took(many));
            }
            Samples small = new Samples(ofFew);
            Samples large = new Samples(ofMany);
            Bench.say("%,d nodes: %s; %,d nodes: %s".formatted(FEW, small, MANY, large));
            return List.of(
                    Figure.ratio(
                            "claim of 16 among %,d ports, p99, against %,d"
                                    .formatted(MANY * LargeLedger.PORTS_OF_A_NODE, FEW * LargeLedger.PORTS_OF_A_NODE),
                            large.percentile(0.99),
                            small.percentile(0.99),
                            "ms",
                            1.2),
                    Figure.ratio("the same, p50", large.median(), small.median(), "ms", 1.2));
        }
    }

    /** Of claims by a few clients at once, each given back before the next. */
    private static List<Long> took(LargeLedger ledger) {
        long end = System.nanoTime() + LENGTH.toNanos();
        List<Long> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Long>>> running = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int seed = client;
                running.add(threads.submit(() -> claims(ledger, new Random(seed), end)));
            }
            for (Future<List<Long>> one : running) {
                all.addAll(one.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        return all;
    }

    private static List<Long> claims(LargeLedger ledger, Random random, long end) {
        List<Long> took = new ArrayList<>();
        try (ClaimClient http = new ClaimClient(ledger.ipam())) {
            while (System.nanoTime() < end) {
                UUID node = LargeLedger.nodeId(1 + random.nextInt(ledger.nodes()));
                long begin = System.nanoTime();
                String claimed = http.claim(node, BATCH);
                took.add(System.nanoTime() - begin);
                http.release(node, claimed);
            }
        }
        return took;
    }
}
