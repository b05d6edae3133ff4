package io.portolan.agent.control;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.SubnetState;
import io.portolan.model.VlanTag;
import io.portolan.model.api.CacheReport;
import io.portolan.model.api.CacheReportAnswer;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import io.portolan.model.api.SubnetView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * topology-service and ipam-service as an agent sees them, with one node, in memory: the same records, the same rules for
 * epochs, claims, returns and reports. And the faults that a network has.
 */
public final class TestingControlPlane implements AutoCloseable {
    /** What goes wrong with one call. */
    public enum Fault {
        /** It is done; the answer never arrives. */
        ANSWER_LOST,
        /** It arrives, is held until {@link #letThrough}, and is done then, with nobody waiting for it. */
        HELD,
        /** It is done; the answer says that the ledger did not confirm it. */
        UNCONFIRMED,
        /** Something on the way says 502. */
        BAD_GATEWAY
    }

    private record Problem(int status, String slug, String detail) {}

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ClusterName cluster;
    private final NodeName name;
    private final ClusterId clusterId = ClusterId.random();
    private SubnetId subnet = SubnetId.random();
    private List<SubnetView> subnets = List.of();
    private @Nullable NodeRegistration registered;
    private final Map<PortId, PortView> ports = new LinkedHashMap<>();
    private final Set<UUID> reported = new HashSet<>();
    private final List<PortReport> history = new ArrayList<>();
    private final List<String> calls = new ArrayList<>();
    private final List<String> traces = new ArrayList<>();
    private @Nullable CacheReport told;
    private boolean compareWanted;
    private final Map<String, Deque<Fault>> faults = new LinkedHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private CountDownLatch held = new CountDownLatch(1);
    private NodeId node = NodeId.random();
    private @Nullable UUID agent;
    private long epoch;
    private @Nullable Problem registrationProblem;
    private NodeView.Settings settings = new NodeView.Settings(16, 8, 0, 1400);
    private HttpServer server;
    private final InetAddress address;
    private final int tcpPort;
    private final @Nullable String parentPort;

    /**
     * Of a node that names its chassis.
     *
     * @param count of free ports of the node
     */
    public TestingControlPlane(ClusterName cluster, NodeName name, int count) {
        this(cluster, name, InetAddress.getLoopbackAddress(), null);
        addPorts(count);
    }

    /**
     * Without ports.
     *
     * @param parentPort that the node has to name; null if it has to name a chassis
     */
    public TestingControlPlane(ClusterName cluster, NodeName name, InetAddress address, @Nullable String parentPort) {
        this.cluster = cluster;
        this.name = name;
        this.address = address;
        this.parentPort = parentPort;
        server = serve(0);
        tcpPort = server.getAddress().getPort();
    }

    public synchronized void addPort(
            PortId id, String backendId, MacAddress mac, @Nullable VlanTag tag, List<PortAddress> addresses) {
        ports.put(
                id,
                new PortView(
                        id,
                        node,
                        subnet,
                        addresses,
                        mac,
                        tag,
                        backendId,
                        PortState.FREE,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        Instant.EPOCH,
                        1));
    }

    public synchronized void addPorts(int count) {
        IpAddress first = IpAddress.parse("10.4.0.2").plus(ports.size());
        for (int i = 0; i < count; i++) {
            IpAddress ip = first.plus(i);
            PortId id = PortId.random();
            addPort(
                    id,
                    id.toString(),
                    MacAddress.derivedFrom(ip),
                    null,
                    List.of(new PortAddress(ip, 16, IpAddress.parse("10.4.0.1"))));
        }
    }

    /** Ports that are added from now on are in another subnet. */
    public synchronized void furtherSubnet() {
        subnet = SubnetId.random();
    }

    /** The subnet of the ports that were added last is offered. */
    public synchronized SubnetId offer() {
        Cidr cidr = Cidr.parse("10.5.0.0/16");
        subnets = List.of(new SubnetView(
                subnet, 1, cidr, cidr.address(1), MacAddress.derivedFrom(cidr.address(1)), SubnetState.OFFERED));
        return subnet;
    }

    public synchronized void withdrawOffers() {
        subnets = List.of();
    }

    /** What the node said last. */
    public synchronized @Nullable NodeRegistration registered() {
        return registered;
    }

    private boolean isOffered(PortView port) {
        return subnets.stream().anyMatch(offered -> offered.id().equals(port.subnet()));
    }

    private HttpServer serve(int onPort) {
        try {
            HttpServer fresh = HttpServer.create(new InetSocketAddress(address, onPort), 0);
            fresh.setExecutor(threads);
            fresh.createContext("/", this::handle);
            fresh.start();
            return fresh;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI url() {
        return URI.create("http://%s:%d".formatted(address.getHostAddress(), tcpPort));
    }

    public void stop() {
        server.stop(0);
    }

    public void start() {
        server = serve(tcpPort);
    }

    /** The next call of this operation (register, claims, releases, reports, ports) goes wrong so. */
    public synchronized void next(String operation, Fault... how) {
        faults.computeIfAbsent(operation, ignored -> new ArrayDeque<>()).addAll(List.of(how));
    }

    /** What was held is done now. */
    public synchronized void letThrough() {
        held.countDown();
        held = new CountDownLatch(1);
    }

    public synchronized void refuseRegistrations(int status, String slug, String detail) {
        registrationProblem = new Problem(status, slug, detail);
    }

    public synchronized void acceptRegistrations() {
        registrationProblem = null;
    }

    public synchronized void settings(NodeView.Settings next) {
        settings = next;
    }

    /** As when the agent of another machine, or another run, registers. */
    public synchronized void raiseEpoch() {
        epoch++;
        agent = UUID.randomUUID();
    }

    /** The node was deleted and joined anew, with none of its old ports. */
    public synchronized void replaceNode(int count) {
        node = NodeId.random();
        ports.clear();
        addPorts(count);
    }

    public synchronized void change(PortId port, PortState state, @Nullable Long leaseEpoch) {
        PortView was = Objects.requireNonNull(ports.get(port));
        ports.put(port, with(was, state, was.claim(), leaseEpoch, was.sandbox(), was.networkInterface(), was.pod()));
    }

    public synchronized List<PortView> ports(PortState state) {
        return ports.values().stream().filter(port -> port.state() == state).toList();
    }

    public synchronized PortView port(PortId id) {
        return Objects.requireNonNull(ports.get(id));
    }

    /** Reports that the ledger believed, in the order in which it did. */
    public synchronized List<PortReport> history() {
        return List.copyOf(history);
    }

    /** Names of the operations that arrived. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** By call, its operation and what it named as its trace. */
    public synchronized List<String> traces() {
        return List.copyOf(traces);
    }

    public synchronized long epoch() {
        return epoch;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String last = path.substring(path.lastIndexOf('/') + 1);
        String operation = path.startsWith("/v1/clusters/") ? (last.equals("cache") ? "cache" : "register") : last;
        byte[] body = exchange.getRequestBody().readAllBytes();
        Fault fault;
        CountDownLatch gate;
        synchronized (this) {
            fault = faults.getOrDefault(operation, new ArrayDeque<>()).poll();
            gate = held;
        }
        if (fault == Fault.BAD_GATEWAY) {
            send(exchange, 502, "bad gateway".getBytes(StandardCharsets.UTF_8));
            return;
        }
        if (fault == Fault.HELD) {
            exchange.close();
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        Object answer;
        synchronized (this) {
            calls.add(operation);
            traces.add(operation + " " + exchange.getRequestHeaders().getFirst("traceparent"));
            answer = answer(operation, path, exchange.getRequestURI().getRawQuery(), body);
        }
        if (fault == Fault.UNCONFIRMED) {
            answer = new Problem(503, "ledger-unavailable", "the connection broke");
        }
        if (fault != null && fault != Fault.UNCONFIRMED) {
            exchange.close();
        } else if (answer instanceof Problem problem) {
            send(
                    exchange,
                    problem.status(),
                    JSON.writeValueAsBytes(
                            Map.of("type", "urn:portolan:problem:" + problem.slug(), "detail", problem.detail())));
        } else {
            ObjectNode later = JSON.valueToTree(answer);
            send(exchange, 200, JSON.writeValueAsBytes(later.put("ofALaterRelease", "which agents let be")));
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Object answer(String operation, String path, @Nullable String query, byte[] body) {
        if (!path.startsWith("/v1/clusters/") && !path.startsWith("/v1/nodes/" + node + "/")) {
            return new Problem(404, "unknown-node", "no node of " + path);
        }
        return switch (operation) {
            case "register" -> register(path, JSON.readValue(body, NodeRegistration.class));
            case "cache" -> told(JSON.readValue(body, CacheReport.class));
            case "claims" -> claim(JSON.readValue(body, ClaimRequest.class));
            case "releases" -> release(JSON.readValue(body, ReleaseRequest.class));
            case "reports" -> report(JSON.readValue(body, ReportRequest.class));
            case "ports" -> page(Objects.requireNonNull(query));
            default -> new Problem(404, "not-found", path);
        };
    }

    private Object told(CacheReport said) {
        if (said.epoch() != epoch) {
            return new Problem(409, "stale-epoch", "epoch " + epoch);
        }
        if (said.ports() != null) {
            told = said;
        }
        boolean known = told != null && told.digest().equals(said.digest());
        boolean compare = known && compareWanted;
        compareWanted &= !known;
        return new CacheReportAnswer(known, compare);
    }

    /** What the agent last said that its cache holds. */
    synchronized Optional<CacheReport> told() {
        return Optional.ofNullable(told);
    }

    /** As an audit's repair does. */
    synchronized void askForAComparison() {
        compareWanted = true;
    }

    private Object register(String path, NodeRegistration said) {
        if (!path.equals("/v1/clusters/%s/nodes/%s".formatted(cluster, name))) {
            return new Problem(404, "unknown-cluster", path);
        }
        if (!Objects.equals(said.parentPort(), parentPort) || (said.chassis() == null) != (parentPort != null)) {
            return new Problem(
                    400, "invalid", "chassis %s, parent port %s".formatted(said.chassis(), said.parentPort()));
        }
        if (registrationProblem != null) {
            return registrationProblem;
        }
        registered = said;
        if (!said.agent().equals(agent)) {
            agent = said.agent();
            epoch++;
        }
        return new NodeView(
                node,
                name,
                clusterId,
                cluster,
                epoch,
                "ready",
                null,
                said.cpus(),
                said.memoryMiB(),
                said.maxPods(),
                said.chassis(),
                said.parentPort(),
                null,
                Instant.now(),
                settings,
                subnets,
                PortCounts.NONE);
    }

    private Problem stale(long used) {
        return new Problem(409, "stale-epoch", "epoch %d has passed: it is %d".formatted(used, epoch));
    }

    private Object claim(ClaimRequest request) {
        if (request.epoch() != epoch) {
            return stale(request.epoch());
        }
        String claim = request.claim().toString();
        List<PortView> again = ports.values().stream()
                .filter(port -> claim.equals(port.claim()))
                .toList();
        if (!again.isEmpty()) {
            return new ClaimAnswer(again);
        }
        List<PortView> leased = new ArrayList<>();
        for (PortView port : ports(PortState.FREE).stream()
                .filter(free -> !isOffered(free))
                .limit(request.count())
                .toList()) {
            PortView now = with(port, PortState.LEASED, claim, epoch, null, null, null);
            ports.put(port.id(), now);
            leased.add(now);
        }
        return leased.isEmpty()
                ? new Problem(507, "no-free-port", "all %d ports are taken".formatted(ports.size()))
                : new ClaimAnswer(leased);
    }

    private Object release(ReleaseRequest request) {
        if (request.epoch() != epoch) {
            return stale(request.epoch());
        }
        List<PortId> released = new ArrayList<>();
        for (PortId id : request.ports()) {
            PortView port = ports.get(id);
            if (port != null && port.state() == PortState.LEASED) {
                ports.put(id, with(port, PortState.FREE, null, null, null, null, null));
            }
            if (port == null || Objects.requireNonNull(ports.get(id)).leaseEpoch() == null) {
                released.add(id);
            }
        }
        return new ReleaseAnswer(released);
    }

    private Object report(ReportRequest request) {
        if (request.epoch() != epoch) {
            return stale(request.epoch());
        }
        if (request.reports().size() > 256) {
            return new Problem(400, "invalid", "too many");
        }
        if (request.reports().stream().anyMatch(report -> report.sandbox().equals("malformed"))) {
            return new Problem(400, "invalid", "a report is malformed");
        }
        return new ReportAnswer(request.reports().stream().map(this::settle).toList());
    }

    private ReportAnswer.Outcome settle(PortReport report) {
        if (reported.contains(report.id())) {
            return new ReportAnswer.Outcome(report.id(), true, null);
        }
        PortView port = ports.get(report.port());
        if (port == null || port.leaseEpoch() == null) {
            return new ReportAnswer.Outcome(report.id(), false, "the node does not hold the port");
        }
        boolean bound = port.state() == PortState.BOUND;
        boolean same = report.sandbox().equals(port.sandbox());
        String refused = switch (report.kind()) {
            case BOUND -> bound && !same ? "bound by " + port.sandbox() : null;
            case RELEASED -> bound && !same ? "bound by " + port.sandbox() : null;
            case RESTED -> bound ? "it does not rest" : null;
        };
        if (refused != null) {
            return new ReportAnswer.Outcome(report.id(), false, refused);
        }
        ports.put(
                port.id(),
                switch (report.kind()) {
                    case BOUND ->
                        with(
                                port,
                                PortState.BOUND,
                                port.claim(),
                                port.leaseEpoch(),
                                report.sandbox(),
                                report.networkInterface(),
                                report.pod());
                    case RELEASED -> with(port, PortState.COOLING, port.claim(), port.leaseEpoch(), null, null, null);
                    case RESTED -> with(port, PortState.LEASED, port.claim(), port.leaseEpoch(), null, null, null);
                });
        reported.add(report.id());
        history.add(report);
        return new ReportAnswer.Outcome(report.id(), true, null);
    }

    /** Two ports a page, so that paging is always part of it. */
    private Object page(String query) {
        PortState state = null;
        IpAddress after = null;
        for (String parameter : query.split("&")) {
            String value = parameter.substring(parameter.indexOf('=') + 1);
            if (parameter.startsWith("state=")) {
                state = PortState.parse(value);
            } else if (parameter.startsWith("cursor=")) {
                after = IpAddress.parse(value);
            }
        }
        IpAddress from = after;
        List<PortView> rest = ports(Objects.requireNonNull(state)).stream()
                .filter(port -> from == null || address(port).compareTo(from) > 0)
                .sorted(Comparator.comparing(TestingControlPlane::address))
                .toList();
        List<PortView> page = rest.stream().limit(2).toList();
        return new PortPage(page, rest.size() > 2 ? address(page.getLast()).toString() : null);
    }

    private static IpAddress address(PortView port) {
        return port.addresses().getFirst().address();
    }

    private static PortView with(
            PortView was,
            PortState state,
            @Nullable String claim,
            @Nullable Long leaseEpoch,
            @Nullable String sandbox,
            @Nullable String networkInterface,
            @Nullable PodRef pod) {
        return new PortView(
                was.id(),
                was.node(),
                was.subnet(),
                was.addresses(),
                was.mac(),
                was.vlanTag(),
                was.backendId(),
                state,
                null,
                claim,
                leaseEpoch,
                sandbox,
                networkInterface,
                pod,
                was.releasedAt(),
                was.changedAt(),
                was.revision() + 1);
    }

    @Override
    public void close() {
        letThrough();
        server.stop(0);
        threads.shutdownNow();
    }
}
