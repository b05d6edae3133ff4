package io.portolan.agent.control;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
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
import io.portolan.tls.PeerRequests;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;

/**
 * A node that keeps calling the control plane, by the agent's own way through its replicas ({@link Replicas}), and remembers
 * every answer: so a test can compare what was acknowledged with what is so. Like the agent it makes one call after another
 * and repeats the very same one until it is answered.
 */
public final class CallingNode implements AutoCloseable {
    private static final int HELD_CLAIMS = 3;
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** A claim that was answered. */
    public record Claimed(UUID claim, List<PortId> ports) {}

    /** A report that was answered, and what the history must have of it. */
    public record Reported(UUID id, PortId port, String sandbox) {}

    private final NodeName name;
    private final ClusterName cluster;
    private final Ledger ledger;
    private final NodeRegistration registration;
    private final Deque<Claimed> held = new ArrayDeque<>();
    private final Map<PortId, String> sandboxes = new HashMap<>();
    private final List<Claimed> claims = new ArrayList<>();
    private final List<Reported> reports = new ArrayList<>();
    private final List<String> unanswered = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private final Thread thread;
    private NodeView node;
    private long calls;
    private long lastAnswer = System.nanoTime();
    private long longestWait;
    private volatile long answered;
    private volatile boolean stopping;

    /** Registers, waits until the node is ready, and begins. */
    public CallingNode(String cluster, String name, List<URI> topologyUrls, List<URI> ipamUrls) {
        this.cluster = new ClusterName(cluster);
        this.name = new NodeName(name);
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        ledger = new Ledger(replicas("topology", topologyUrls, meters), replicas("ipam", ipamUrls, meters));
        registration = new NodeRegistration(2, 4096, 20, "chassis-" + name, null, null, UUID.randomUUID());
        long end = System.nanoTime() + LIMIT.toNanos();
        do {
            node = register();
        } while (!node.state().equals("ready") && System.nanoTime() < end);
        unanswered.clear();
        longestWait = 0;
        thread = Thread.ofVirtual().name("calling " + name).start(this::run);
    }

    private static Replicas replicas(String service, List<URI> urls, SimpleMeterRegistry meters) {
        PeerRequests requests =
                new PeerRequests(new DefaultSslBundleRegistry(), Duration.ofSeconds(2), Duration.ofSeconds(10));
        return new Replicas(service, urls, requests, Optional.empty(), meters);
    }

    private void run() {
        for (int round = 0; !stopping; round++) {
            if (round % 10 == 0) {
                node = register();
            }
            claim(1 + round % 4);
            if (held.size() > HELD_CLAIMS) {
                giveBack(held.removeFirst());
            }
        }
    }

    private NodeView register() {
        return answer("register", () -> ledger.register(cluster, name, registration));
    }

    private void claim(int count) {
        ClaimRequest request = new ClaimRequest(UUID.randomUUID(), node.epoch(), count);
        ClaimAnswer answer = answer("claim", () -> ledger.claim(id(), request));
        List<PortId> ports = answer.ports().stream().map(PortView::id).toList();
        Claimed claimed = new Claimed(request.claim(), ports);
        for (PortId port : ports) {
            String sandbox = "sandbox-" + UUID.randomUUID();
            if (sandboxes.put(port, sandbox) != null) {
                wrong.add("claim %s got port %s, which this node has already".formatted(request.claim(), port));
            }
        }
        claims.add(claimed);
        held.addLast(claimed);
        report(PortReport.Kind.BOUND, ports);
    }

    private void giveBack(Claimed claimed) {
        report(PortReport.Kind.RELEASED, claimed.ports());
        report(PortReport.Kind.RESTED, claimed.ports());
        claimed.ports().forEach(sandboxes::remove);
        ReleaseAnswer answer =
                answer("release", () -> ledger.release(id(), new ReleaseRequest(node.epoch(), claimed.ports())));
        if (answer.released().size() != claimed.ports().size()) {
            wrong.add("of %s only %s were given back".formatted(claimed, answer.released()));
        }
    }

    private void report(PortReport.Kind kind, List<PortId> ports) {
        List<PortReport> batch = ports.stream()
                .map(port ->
                        new PortReport(UUID.randomUUID(), port, kind, sandboxes.get(port), "eth0", null, Instant.now()))
                .toList();
        ReportAnswer answer = answer("report", () -> ledger.report(id(), new ReportRequest(node.epoch(), batch)));
        answer.outcomes().stream()
                .filter(outcome -> !outcome.applied())
                .forEach(outcome -> wrong.add("%s was declined: %s".formatted(outcome.id(), outcome.refused())));
        batch.forEach(report -> reports.add(new Reported(report.id(), report.port(), report.sandbox())));
    }

    /** Asks until it is answered; every try that was not is remembered. */
    private <T> T answer(String what, Supplier<Answer<T>> call) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            Answer<T> answer = call.get();
            if (answer instanceof Answer.Given<T>(T given, boolean inDoubt)) {
                long now = System.nanoTime();
                longestWait = Math.max(longestWait, now - lastAnswer);
                lastAnswer = now;
                calls++;
                answered = now;
                return given;
            }
            unanswered.add(what + ": " + answer);
            pause();
        }
        throw new IllegalStateException(what + " was not answered within " + LIMIT + ": " + unanswered.getLast());
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends after the call that is under way was answered; what follows is only to be read then. */
    public void stop() {
        stopping = true;
        try {
            thread.join(LIMIT);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public NodeId id() {
        return node.id();
    }

    /** {@link System#nanoTime} of the last answer so far. */
    public long answeredAt() {
        return answered;
    }

    public List<Claimed> claims() {
        return claims;
    }

    public List<Reported> reports() {
        return reports;
    }

    /** What the node has by all answers that it got: the port, and who uses it. */
    public Map<PortId, String> holds() {
        return sandboxes;
    }

    /** By which claim it has what it has. */
    public List<Claimed> held() {
        return List.copyOf(held);
    }

    public List<String> unanswered() {
        return unanswered;
    }

    public List<String> wrong() {
        return wrong;
    }

    public long calls() {
        return calls;
    }

    /** Between two answers. */
    public Duration longestWait() {
        return Duration.ofNanos(longestWait);
    }

    /** What made the thread end before it was told to. */
    public Optional<String> ended() {
        return thread.isAlive() || stopping ? Optional.empty() : Optional.of(name + " ended by itself");
    }

    @Override
    public void close() {
        stop();
        ledger.close();
    }
}
