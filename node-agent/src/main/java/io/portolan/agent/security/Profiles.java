package io.portolan.agent.security;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cache.PortPreference;
import io.portolan.agent.cache.Taken;
import io.portolan.agent.loop.Backoff;
import io.portolan.agent.loop.Loop;
import io.portolan.agent.security.ProfileChoice.Said;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Wiring;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.api.NodeSecurity;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Security profiles on this node: the catalogue, what pods say, the pools, and the way of a port into its set. */
public final class Profiles implements PodSecurity, PortClosing, AutoCloseable {
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration GLANCE = Duration.ofMillis(100);

    /** How many free ports wait in the default set, however seldom it is used. */
    private static final int LEAST_OF_DEFAULT = 4;

    private static final int UNKNOWN = 2;

    private final SecuritySettings settings;
    private final PortCache cache;
    private final Catalogue catalogue;
    private final Flux flux = new Flux();
    private final Binder binder;
    private final LearnedSets learned;
    private final Optional<PodWatch> watch;
    private final Optional<PodEvents> events;
    private final Set<Runnable> podListeners = ConcurrentHashMap.newKeySet();
    private final Loop catalogueLoop;
    private final Loop poolLoop;
    private final Backoff poolBackoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(15));
    private final Counter hits;
    private final Counter misses;
    private final Counter refusals;
    private volatile Optional<String> poolTrouble = Optional.empty();
    private boolean learnedFromPods;

    /** @param kubernetes absent where pods cannot say anything; stays the caller's to close */
    public Profiles(
            SecuritySettings settings,
            NodeName node,
            SecurityCalls calls,
            PortCache cache,
            Wiring wiring,
            Optional<KubernetesClient> kubernetes,
            MeterRegistry meters) {
        this.settings = settings;
        this.cache = cache;
        catalogue = new Catalogue(calls, cache, this::catalogueChanged);
        binder = new Binder(calls, cache, wiring, settings, flux);
        learned = new LearnedSets(settings.poolHalfLife(), System::nanoTime);
        catalogueLoop = new Loop("security", this::pollCatalogue, meters);
        poolLoop = new Loop("pools", this::keepPools, meters);
        events = kubernetes.map(client -> new PodEvents(client, node));
        watch = kubernetes.map(client -> new PodWatch(client, node, this::tellOfPods));
        hits = counter(meters, "hit");
        misses = counter(meters, "miss");
        refusals = Counter.builder("portolan.profiles.refused")
                .description("Pods that could not have the profiles that they name")
                .register(meters);
        Gauge.builder("portolan.pool.ports", this, Profiles::pooled)
                .description("Free ports that wait in a set of profiles")
                .register(meters);
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("portolan.pool.starts")
                .description("Starts of pods whose port was in the pod's set already, or was not")
                .tag("result", result)
                .register(meters);
    }

    private long pooled() {
        return cache.isKnown()
                ? cache.ports().stream()
                        .filter(CachedPort::available)
                        .filter(port ->
                                port.profiles() != null && !port.profiles().isEmpty())
                        .count()
                : 0;
    }

    @Override
    public List<String> stuck() {
        return Stream.of(catalogueLoop, poolLoop)
                .flatMap(loop -> loop.stuck().stream())
                .toList();
    }

    /** To be called when the cache is there. */
    public void start() {
        catalogueLoop.start();
        poolLoop.start();
    }

    @Override
    public Optional<String> trouble() {
        return catalogue.trouble().or(() -> poolTrouble);
    }

    @Override
    public List<String> names(Set<ProfileId> profiles) {
        Map<ProfileId, String> known = new HashMap<>();
        catalogue.now().ifPresent(now -> {
            now.profiles().forEach(profile -> known.put(profile.id(), profile.name()));
            now.policies()
                    .forEach(policy ->
                            known.put(policy.id(), "NetworkPolicy %s/%s".formatted(policy.namespace(), policy.name())));
        });
        return profiles.stream()
                .map(id -> known.getOrDefault(id, id.toString()))
                .sorted()
                .toList();
    }

    private Duration pollCatalogue() {
        catalogue.refresh();
        return catalogue.now().isPresent() ? settings.pollEvery() : TICK;
    }

    private void catalogueChanged() {
        poolLoop.wake();
        tellOfPods();
    }

    private void tellOfPods() {
        podListeners.forEach(Runnable::run);
    }

    @Override
    public void onPods(Runnable listener) {
        podListeners.add(listener);
    }

    @Override
    public void portsChanged() {
        poolLoop.wake();
    }

    @Override
    public Optional<Set<ProfileId>> wanted(@Nullable PodRef pod) {
        NodeSecurity known = awaitCatalogue();
        if (!known.enforced()) {
            return Optional.empty();
        }
        Said said = said(pod);
        try {
            return Optional.of(choose(known, pod, said));
        } catch (ProfilesRefused e) {
            // It may have been made, or allowed, since the catalogue was read.
            catalogue.refresh();
            return Optional.of(chooseOrTell(awaitCatalogue(), pod, said));
        }
    }

    private Set<ProfileId> chooseOrTell(NodeSecurity known, @Nullable PodRef pod, Said said) {
        try {
            return choose(known, pod, said);
        } catch (ProfilesRefused e) {
            refused(pod, String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private static Set<ProfileId> choose(NodeSecurity known, @Nullable PodRef pod, Said said) {
        return new ProfileChoice(known, Optional.ofNullable(pod).map(PodRef::namespace)).of(said);
    }

    private Said said(@Nullable PodRef pod) {
        return pod == null ? Said.NOTHING : watch.map(pods -> pods.of(pod)).orElse(Said.NOTHING);
    }

    private NodeSecurity awaitCatalogue() {
        long end = System.nanoTime() + settings.bindDeadline().toNanos();
        while (true) {
            Optional<NodeSecurity> known = catalogue.now();
            if (known.isPresent()) {
                return known.get();
            }
            if (System.nanoTime() >= end) {
                throw new SecurityUnavailable("the cluster's security profiles are not known on this node yet: "
                        + catalogue.trouble().orElse("security-service was not heard"));
            }
            catalogueLoop.wake();
            try {
                Thread.sleep(GLANCE); // only before the catalogue was ever read, which its loop does
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SecurityUnavailable("the agent is stopping");
            }
        }
    }

    @Override
    public Optional<Set<ProfileId>> remembered(@Nullable PodRef pod) {
        Optional<NodeSecurity> known = catalogue.now().filter(NodeSecurity::enforced);
        Optional<Said> said = pod == null || watch.isEmpty()
                ? Optional.of(Said.NOTHING)
                : watch.get().remembered(pod);
        if (known.isEmpty() || said.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(choose(known.get(), pod, said.get()));
        } catch (ProfilesRefused e) {
            tell(pod, "%s; the running pod keeps the profiles that it has".formatted(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Whether this very pod is known from the watch. */
    public boolean hasSeen(PodRef pod) {
        return watch.flatMap(pods -> pods.remembered(pod)).isPresent();
    }

    @Override
    public void refused(@Nullable PodRef pod, String why) {
        refusals.increment();
        tell(pod, why);
    }

    private void tell(@Nullable PodRef pod, String why) {
        if (pod != null) {
            events.ifPresent(one -> one.refused(pod, why));
        }
    }

    @Override
    public int rank(CachedPort port, Set<ProfileId> wanted) {
        if (flux.has(port.id())) {
            return PortPreference.UNFIT;
        }
        Set<ProfileId> profiles = port.profiles();
        if (profiles == null) {
            return UNKNOWN;
        }
        return profiles.equals(wanted) ? OWN : profiles.isEmpty() ? 1 : UNKNOWN + 1;
    }

    @Override
    public boolean secure(Taken taken, Set<ProfileId> wanted, Checkpoint steps) {
        if (!taken.repeated()) {
            learned.used(wanted);
            poolLoop.wake();
        }
        if (wanted.equals(taken.before())) {
            if (!taken.repeated()) {
                hits.increment();
            }
            return true;
        }
        misses.increment();
        if (taken.repeated()) {
            cache.profiles().unsettle(List.of(taken.port().id()), port -> true);
        }
        binder.move(
                taken.port().id(),
                taken.before(),
                wanted,
                isDirect(taken.before(), wanted),
                taken.attachment().pod(),
                steps);
        return false;
    }

    private boolean isDirect(@Nullable Set<ProfileId> before, Set<ProfileId> to) {
        return before != null
                && catalogue
                        .now()
                        .filter(known -> ProfileChoice.differInPoliciesOnly(before, to, known))
                        .isPresent();
    }

    @Override
    public void rebind(CachedPort port, Set<ProfileId> wanted, @Nullable PodRef pod) {
        cache.profiles().unsettle(List.of(port.id()), one -> true);
        binder.move(port.id(), port.profiles(), wanted, isDirect(port.profiles(), wanted), pod, Checkpoint.NONE);
    }

    @Override
    public void close(Collection<PortId> ports) {
        if (!ports.isEmpty() && isEnforced()) {
            binder.close(ports);
        }
    }

    @Override
    public boolean isClosed(CachedPort port) {
        return Set.of().equals(port.profiles()) || !port.available() || !isEnforced();
    }

    /** While nothing was heard, it may be. */
    private boolean isEnforced() {
        return catalogue.now().map(NodeSecurity::enforced).orElse(true);
    }

    private Duration keepPools() {
        Optional<NodeSecurity> known =
                cache.isKnown() ? catalogue.now().filter(NodeSecurity::enforced) : Optional.empty();
        if (known.isEmpty()) {
            return TICK;
        }
        learnFromPods();
        PoolPlan plan = PoolPlan.of(
                cache.ports().stream()
                        .filter(port -> port.available() && !flux.has(port.id()))
                        .toList(),
                wantedPools(known.get()));
        if (plan.isEmpty()) {
            return TICK;
        }
        try {
            binder.close(plan.close());
            plan.fill().forEach((set, ports) -> binder.fill(ports, set));
        } catch (SecurityUnavailable | ProfilesRefused e) {
            poolTrouble = Optional.of(String.valueOf(e.getMessage()));
            return poolBackoff.failed();
        }
        poolBackoff.worked();
        poolTrouble = Optional.empty();
        tellOfPods();
        return Duration.ZERO;
    }

    private void learnFromPods() {
        if (!learnedFromPods) {
            for (Attachment pod : cache.attachments()) {
                cache.port(pod.port()).map(CachedPort::profiles).ifPresent(learned::used);
            }
            learnedFromPods = true;
        }
    }

    private Map<Set<ProfileId>, Integer> wantedPools(NodeSecurity known) {
        Set<ProfileId> ready = Stream.concat(
                        known.profiles().stream()
                                .filter(NodeSecurity.Profile::ready)
                                .map(NodeSecurity.Profile::id),
                        known.policies().stream()
                                .filter(NodeSecurity.Policy::ready)
                                .map(NodeSecurity.Policy::id))
                .collect(Collectors.toUnmodifiableSet());
        Map<Set<ProfileId>, Integer> all = new LinkedHashMap<>();
        known.pools().forEach(pool -> all.merge(Set.copyOf(pool.profiles()), pool.size(), Math::max));
        all.merge(Set.copyOf(known.defaultProfiles()), LEAST_OF_DEFAULT, Math::max);
        learned.wanted(settings.poolMost()).forEach((set, size) -> all.merge(set, size, Math::max));
        all.keySet().removeIf(set -> set.isEmpty() || !ready.containsAll(set));
        return all;
    }

    @Override
    public void close() {
        watch.ifPresent(PodWatch::close);
        catalogueLoop.close();
        poolLoop.close();
    }
}
