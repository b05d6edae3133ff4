package io.portolan.bench.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Pods that come and go, and the two waves. One thread: what it draws follows from the seed.
 *
 * <p>Nine of ten new pods are short, 30 s in the mean, as jobs are; the tenth stays, as a service does: most that
 * starts is short and most that runs at an instant is long, as in the traces of Azure (Cortez et al., Resource Central, 2017).
 */
final class Churn {
    private static final double SHORT = 0.9;
    private static final Duration SHORT_MEAN = Duration.ofSeconds(30);
    private static final Duration LONG_MEAN = Duration.ofHours(2);

    /** Until a dead node's pods come again elsewhere. */
    private static final double NOTICED_AFTER = 10;

    private static final double ROLLOUT_SECONDS = 30;

    /** Of kubelet's limit, for that many pods a scheduler leaves a node its choice. */
    private static final double FULL = 0.9;

    private record Pod(String name, Placed node, double ends) {}

    /** A node and how many pods the scheduler gave it. */
    private static final class Placed {
        private final LightAgent agent;
        private int pods;

        Placed(LightAgent agent) {
            this.agent = agent;
        }

        boolean takes() {
            return !agent.isDead() && agent.isJoined() && pods < agent.maxPods() * FULL;
        }
    }

    private final Plan plan;
    private final Timeline timeline;
    private final Function<String, LightAgent> newNode;
    private final Consumer<String> deleteNode;
    private final Random random;
    private final List<Placed> nodes = new CopyOnWriteArrayList<>();
    private final TreeSet<Pod> running =
            new TreeSet<>(Comparator.comparingDouble(Pod::ends).thenComparing(Pod::name));
    private final List<Pod> toReplace = new ArrayList<>();
    private int rolledOut;
    private int started;
    private int unplaced;

    /**
     * @param newNode makes a node of this name and lets it join
     * @param deleteNode says that a node is gone for good
     */
    Churn(Plan plan, Timeline timeline, Function<String, LightAgent> newNode, Consumer<String> deleteNode) {
        this.plan = plan;
        this.timeline = timeline;
        this.newNode = newNode;
        this.deleteNode = deleteNode;
        random = new Random(plan.seed());
    }

    void add(LightAgent agent) {
        nodes.add(new Placed(agent));
    }

    List<LightAgent> alive() {
        return nodes.stream()
                .map(node -> node.agent)
                .filter(agent -> !agent.isDead())
                .toList();
    }

    int started() {
        return started;
    }

    /** Pods that no node had room for. */
    int unplaced() {
        return unplaced;
    }

    /** As many pods as the plan says, over so many seconds; each stays. */
    void fill(double seconds) throws InterruptedException {
        int wanted =
                (int) (nodes.stream().mapToInt(node -> node.agent.maxPods()).sum() * plan.fill());
        double begin = timeline.now();
        for (int i = 0; i < wanted; i++) {
            pause(begin + seconds * i / wanted - timeline.now());
            start(lifetime(LONG_MEAN));
        }
    }

    /** Until the plan's time is over. */
    void run() throws InterruptedException {
        double begin = timeline.now();
        double end = begin + plan.length().toMillis() / 1e3;
        double failure = begin + (end - begin) / 3;
        double rollout = begin + (end - begin) * 2 / 3;
        double noticed = Double.MAX_VALUE;
        double next = begin;
        List<Pod> lost = List.of();
        List<Placed> dead = List.of();
        while (timeline.now() < end) {
            double now = timeline.now();
            while (!running.isEmpty() && running.first().ends() <= now) {
                stop(running.pollFirst());
            }
            for (;
                    plan.churn() > 0 && next <= now;
                    next += -Math.log(1 - random.nextDouble()) / plan.startsPerSecond()) {
                start(lifetime(random.nextDouble() < SHORT ? SHORT_MEAN : LONG_MEAN));
            }
            if (now >= failure) {
                failure = Double.MAX_VALUE;
                noticed = now + NOTICED_AFTER;
                dead = drawn(new ArrayList<>(nodes), plan.failing());
                dead.forEach(node -> node.agent.die());
                List<Placed> gone = dead;
                lost = running.stream().filter(pod -> gone.contains(pod.node())).toList();
                lost.forEach(running::remove);
            }
            if (now >= noticed) {
                noticed = Double.MAX_VALUE;
                lost.forEach(pod -> start(pod.ends()));
                dead.forEach(node -> deleteNode.accept(node.agent.name()));
                for (Placed node : dead) {
                    nodes.remove(node);
                    add(newNode.apply(node.agent.name() + "r"));
                }
            }
            if (now >= rollout && toReplace.isEmpty() && rolledOut == 0) {
                toReplace.addAll(drawn(new ArrayList<>(running), plan.rollout()));
            }
            roll((now - rollout) / ROLLOUT_SECONDS);
            Thread.sleep(2);
        }
    }

    private <T> List<T> drawn(List<T> of, double part) {
        Collections.shuffle(of, random);
        return List.copyOf(of.subList(0, (int) Math.round(of.size() * part)));
    }

    /** New ones first, as a Deployment does. */
    private void roll(double progress) {
        double all = toReplace.size() + rolledOut;
        while (!toReplace.isEmpty() && rolledOut < all * progress) {
            Pod old = toReplace.removeLast();
            rolledOut++;
            if (running.remove(old)) {
                start(old.ends());
                stop(old);
            }
        }
    }

    private double lifetime(Duration mean) {
        return timeline.now() - Math.log(1 - random.nextDouble()) * mean.toMillis() / 1e3;
    }

    private void start(double ends) {
        String name = "pod-" + (started + unplaced);
        Placed node = emptier();
        if (node == null || !node.agent.start(name)) {
            unplaced++;
            return;
        }
        node.pods++;
        started++;
        running.add(new Pod(name, node, ends));
    }

    /** The emptier of two that take pods. */
    private @Nullable Placed emptier() {
        Placed best = null;
        int drawn = 0;
        for (int tries = 0; tries < 200 && drawn < 2; tries++) {
            Placed one = nodes.get(random.nextInt(nodes.size()));
            if (one.takes()) {
                drawn++;
                best = best == null || one.pods < best.pods ? one : best;
            }
        }
        return best;
    }

    private void stop(Pod pod) {
        pod.node().pods--;
        pod.node().agent.stop(pod.name());
    }

    private static void pause(double seconds) throws InterruptedException {
        if (seconds > 0.001) {
            Thread.sleep((long) (seconds * 1_000));
        }
    }
}
