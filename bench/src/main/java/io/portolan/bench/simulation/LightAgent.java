package io.portolan.bench.simulation;

import io.portolan.e2e.stack.RestCalls;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A node with its agent, but for wires: registers, keeps whole batches of ports, gives them to pods, lets them rest, reports. Its
 * rules are those of node-agent; its cache does not outlive it.
 */
final class LightAgent {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MOST_REPORTS = 256;
    private static final int MOST_CLAIMED = 256;
    private static final long REGISTER_EVERY_MS = 10_000;

    /** Where agents ask, and what they tell. */
    record World(String cluster, RestCalls topology, RestCalls ipam, Timeline timeline, Holders holders) {}

    private record Resting(PortView port, String sandbox, long until) {}

    private record Waiting(String pod, long since) {}

    private final World world;
    private final String name;
    private final int maxPods;
    private final UUID run = UUID.randomUUID();
    private final long born = System.nanoTime();
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<PortView> free = new ArrayDeque<>();
    private final Map<String, PortView> pods = new HashMap<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Deque<Resting> cooling = new ArrayDeque<>();
    private final Deque<PortReport> outbox = new ArrayDeque<>();
    private volatile @Nullable NodeView registered;
    private @Nullable UUID claim;
    private int claimed;
    private long registeredAt;
    private volatile boolean joined;
    private volatile boolean dead;
    private volatile boolean over;

    LightAgent(World world, String name, int maxPods) {
        this.world = world;
        this.name = name;
        this.maxPods = maxPods;
    }

    String name() {
        return name;
    }

    int maxPods() {
        return maxPods;
    }

    /** Until it dies, or all is over. */
    void live(long everyMillis) {
        while (!over && !dead) {
            try {
                step();
            } catch (UncheckedIOException e) {
                // a service that does not answer is asked again
            }
            LockSupport.parkNanos(everyMillis * 1_000_000);
        }
    }

    private void step() {
        long now = System.currentTimeMillis();
        if (registered == null || now - registeredAt > REGISTER_EVERY_MS || !joined) {
            register(now);
        }
        NodeView as = registered;
        if (as != null) {
            rested(now);
            report(as);
            lease(as);
        }
    }

    private void register(long now) {
        RestCalls.Answer answer = world.topology()
                .put(
                        "/v1/clusters/" + world.cluster() + "/nodes/" + name,
                        new NodeRegistration(64, 262_144, maxPods, name, null, null, run, demand()));
        if (!answer.succeeded()) {
            registered = null;
            return;
        }
        NodeView view = read(answer.body(), NodeView.class);
        registered = view;
        registeredAt = now;
        if (!joined && view.state().equals("ready")) {
            joined = true;
            world.timeline().happened(Timeline.Kind.JOIN, (System.nanoTime() - born) / 1e6);
        }
    }

    private NodeRegistration.Demand demand() {
        lock.lock();
        try {
            return new NodeRegistration.Demand(pods.size() + cooling.size(), waiting.size());
        } finally {
            lock.unlock();
        }
    }

    /** What rested long enough goes to pods again. */
    private void rested(long now) {
        lock.lock();
        try {
            while (!cooling.isEmpty() && cooling.getFirst().until() <= now) {
                Resting one = cooling.removeFirst();
                report(PortReport.Kind.RESTED, one.port(), one.sandbox(), null);
                free.addLast(one.port());
            }
            serve();
        } finally {
            lock.unlock();
        }
    }

    private void serve() {
        while (!waiting.isEmpty() && !free.isEmpty()) {
            Waiting pod = waiting.removeFirst();
            plug(pod.pod(), (System.nanoTime() - pod.since()) / 1e6);
        }
    }

    private void plug(String pod, double waited) {
        PortView port = free.removeFirst();
        world.holders().takes(port.addresses().getFirst().address(), pod);
        pods.put(pod, port);
        report(PortReport.Kind.BOUND, port, pod, pod);
        world.timeline().happened(Timeline.Kind.START, waited);
    }

    private void report(PortReport.Kind kind, PortView port, String sandbox, @Nullable String pod) {
        outbox.addLast(new PortReport(
                UUID.randomUUID(),
                port.id(),
                kind,
                sandbox,
                "eth0",
                pod == null ? null : new PodRef("simulated", pod, null),
                Instant.now()));
    }

    private void report(NodeView as) {
        List<PortReport> sent;
        lock.lock();
        try {
            sent = outbox.stream().limit(MOST_REPORTS).toList();
        } finally {
            lock.unlock();
        }
        if (sent.isEmpty()) {
            return;
        }
        RestCalls.Answer answer = world.ipam().post(path(as, "reports"), new ReportRequest(as.epoch(), sent));
        if (!answer.succeeded()) {
            return;
        }
        int settled = read(answer.body(), ReportAnswer.class).outcomes().size();
        lock.lock();
        try {
            for (int i = 0; i < settled; i++) {
                outbox.removeFirst();
            }
        } finally {
            lock.unlock();
        }
    }

    private void lease(NodeView as) {
        int missing;
        List<PortId> surplus;
        lock.lock();
        try {
            int batch = as.settings().leaseBatch();
            int used = pods.size() + waiting.size() + cooling.size();
            int held = pods.size() + cooling.size() + free.size();
            int target = batch * Math.ceilDiv(as.settings().warmHeadroom() + used, batch);
            missing = Math.min(target - held, MOST_CLAIMED);
            surplus = held > target + 2 * batch
                    ? free.stream().limit(held - target).map(PortView::id).toList()
                    : List.of();
        } finally {
            lock.unlock();
        }
        if (!surplus.isEmpty()) {
            giveBack(as, surplus);
        } else if (missing > 0) {
            claim(as, missing);
        }
    }

    /** A claim of which no answer came is repeated as it was. */
    private void claim(NodeView as, int count) {
        if (claim == null) {
            claim = UUID.randomUUID();
            claimed = count;
        }
        long begin = System.nanoTime();
        RestCalls.Answer answer = world.ipam().post(path(as, "claims"), new ClaimRequest(claim, as.epoch(), claimed));
        if (answer.status() >= 500) {
            return;
        }
        claim = null;
        if (!answer.succeeded()) {
            return;
        }
        world.timeline().happened(Timeline.Kind.CLAIM, (System.nanoTime() - begin) / 1e6);
        List<PortView> given = read(answer.body(), ClaimAnswer.class).ports();
        lock.lock();
        try {
            free.addAll(given);
            serve();
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(NodeView as, List<PortId> surplus) {
        Set<PortId> given = new HashSet<>(surplus);
        List<PortView> out = new ArrayList<>();
        lock.lock();
        try {
            free.removeIf(port -> given.contains(port.id()) && out.add(port));
        } finally {
            lock.unlock();
        }
        RestCalls.Answer answer = world.ipam()
                .post(
                        path(as, "releases"),
                        new ReleaseRequest(
                                as.epoch(), out.stream().map(PortView::id).toList()));
        Set<PortId> gone = answer.succeeded()
                ? Set.copyOf(read(answer.body(), ReleaseAnswer.class).released())
                : Set.of();
        lock.lock();
        try {
            out.stream().filter(port -> !gone.contains(port.id())).forEach(free::addLast);
        } finally {
            lock.unlock();
        }
    }

    private static String path(NodeView as, String what) {
        return "/v1/nodes/" + as.id() + "/" + what;
    }

    private static <T> T read(JsonNode body, Class<T> type) {
        return JSON.treeToValue(body, type);
    }

    /**
     * A pod comes; without a free port it waits for one.
     *
     * @return whether the node lives
     */
    boolean start(String pod) {
        lock.lock();
        try {
            if (dead) {
                return false;
            }
            if (free.isEmpty()) {
                waiting.addLast(new Waiting(pod, System.nanoTime()));
            } else {
                plug(pod, 0);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** A pod goes, whether it ever had a port or not. */
    void stop(String pod) {
        lock.lock();
        try {
            waiting.removeIf(one -> one.pod().equals(pod));
            PortView port = pods.remove(pod);
            NodeView as = registered;
            if (port != null) {
                world.holders().lets(port.addresses().getFirst().address(), pod);
                report(PortReport.Kind.RELEASED, port, pod, null);
                long rest = as == null ? 30 : as.settings().cooldownSeconds();
                cooling.addLast(new Resting(port, pod, System.currentTimeMillis() + rest * 1_000));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Power is lost: nothing is said any more, and its pods are no more. */
    void die() {
        lock.lock();
        try {
            dead = true;
            pods.forEach((pod, port) ->
                    world.holders().lets(port.addresses().getFirst().address(), pod));
            pods.clear();
            waiting.clear();
            free.clear();
            cooling.clear();
            outbox.clear();
        } finally {
            lock.unlock();
        }
    }

    /** It asks nobody anything more; its counts stay. */
    void end() {
        over = true;
    }

    boolean isDead() {
        return dead;
    }

    boolean isJoined() {
        return joined;
    }

    /** @param unsaid reports that are under way */
    record Counts(int running, int waiting, int idle, int held, int unsaid) {
        Counts plus(Counts other) {
            return new Counts(
                    running + other.running,
                    waiting + other.waiting,
                    idle + other.idle,
                    held + other.held,
                    unsaid + other.unsaid);
        }
    }

    Counts counts() {
        lock.lock();
        try {
            return new Counts(
                    pods.size(),
                    waiting.size(),
                    free.size(),
                    free.size() + pods.size() + cooling.size(),
                    outbox.size());
        } finally {
            lock.unlock();
        }
    }
}
