package io.portolan.agent.control;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Loop;
import io.portolan.agent.security.SecurityCalls;
import io.portolan.tls.PeerRequests;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** The agent's side of the control plane: five loops that no pod waits for. */
public final class ControlPlane implements AutoCloseable {
    private static final Duration REST_TICK = Duration.ofMillis(500);

    private final ControlSettings settings;
    private final MeterRegistry meters;
    private final List<SecurityService> securityServices = new CopyOnWriteArrayList<>();
    private final Ledger ledger;
    private final Registrar registrar;
    private final Leasing leasing;
    private final Reporting reporting;
    private final Loop registrationLoop;
    private final Loop leasingLoop;
    private final Loop reportingLoop;
    private final Loop restingLoop;
    private final Loop tellingLoop;

    /** Where nobody tells of pods to come. */
    public ControlPlane(
            ControlSettings settings,
            PortCache cache,
            Wires wires,
            Supplier<Optional<String>> chassis,
            Runnable onPorts,
            MeterRegistry meters) {
        this(settings, cache, wires, chassis, ComingPods.UNKNOWN, onPorts, meters);
    }

    /**
     * @param chassis the OVN chassis that binds this node's ports, once there is one
     * @param onPorts told when ports become available or leave
     */
    public ControlPlane(
            ControlSettings settings,
            PortCache cache,
            Wires wires,
            Supplier<Optional<String>> chassis,
            ComingPods coming,
            Runnable onPorts,
            MeterRegistry meters) {
        this.settings = settings;
        this.meters = meters;
        ledger = new Ledger(
                replicas("topology", settings.topologyUrls(), settings, settings.callTimeout(), meters),
                replicas("ipam", settings.ipamUrls(), settings, settings.callTimeout(), meters));
        registrar = new Registrar(settings, ledger, cache, chassis, this::registered, this::outdated);
        leasing = new Leasing(settings, ledger, cache, registrar, coming, wires, this::outdated, onPorts, meters);
        reporting = new Reporting(ledger, cache, registrar, this::outdated, meters);
        registrationLoop = new Loop("registration", registrar::step, meters);
        leasingLoop = new Loop("leasing", leasing::step, meters);
        reportingLoop = new Loop("reporting", reporting::step, meters);
        restingLoop = new Loop("resting", () -> rest(cache, onPorts), meters);
        Telling telling = new Telling(settings, ledger, cache, registrar, this::compare);
        tellingLoop = new Loop("telling", telling::step, meters);
    }

    /** As the node that is registered here. */
    public SecurityCalls security(List<URI> urls, Duration callTimeout) {
        Replicas replicas = replicas("security", urls, settings, callTimeout, meters);
        SecurityService service = new SecurityService(replicas, registrar, this::outdated);
        securityServices.add(service);
        return service;
    }

    private static Replicas replicas(
            String service, List<URI> urls, ControlSettings settings, Duration callTimeout, MeterRegistry meters) {
        PeerRequests requests = new PeerRequests(settings.bundles(), settings.connectTimeout(), callTimeout);
        return new Replicas(service, urls, requests, settings.identity(), meters);
    }

    /** To be called when the cache is there; addresses rest without the control plane, too. */
    public void start() {
        loops().forEach(Loop::start);
    }

    private List<Loop> loops() {
        return List.of(registrationLoop, leasingLoop, reportingLoop, restingLoop, tellingLoop);
    }

    private void compare() {
        leasing.compareSoon();
        leasingLoop.wake();
    }

    private static Duration rest(PortCache cache, Runnable onPorts) {
        if (!cache.rest().isEmpty()) {
            onPorts.run();
        }
        return REST_TICK;
    }

    private void registered() {
        leasingLoop.wake();
        reportingLoop.wake();
        tellingLoop.wake();
    }

    private void outdated() {
        registrationLoop.wake();
    }

    /** Pods wait for ports, or will. Returns at once. */
    public void wanted() {
        leasingLoop.wake();
    }

    /** What stands between this node and more ports. */
    public Optional<String> trouble() {
        return registrar.trouble().or(leasing::trouble);
    }

    /** The loops that do not come to an end, in words. */
    public List<String> stuck() {
        return loops().stream().flatMap(loop -> loop.stuck().stream()).toList();
    }

    /** Why what happened here is not known there. */
    public Optional<String> reportTrouble() {
        return reporting.trouble();
    }

    @Override
    public void close() {
        loops().forEach(Loop::close);
        ledger.close();
        securityServices.forEach(SecurityService::close);
    }
}
