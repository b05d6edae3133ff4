package io.portolan.agent.security;

import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Wiring;
import io.portolan.agent.wiring.WiringRefused;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.api.BindingRequest.Binding;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Puts ports in profiles, one way or another, and says when the node has carried it out. The package says in which order. */
final class Binder {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    private static final String IN_OTHER_PROFILES = "port-in-other-profiles";

    private final SecurityCalls calls;
    private final PortCache cache;
    private final Wiring wiring;
    private final SecuritySettings settings;
    private final Flux flux;

    Binder(SecurityCalls calls, PortCache cache, Wiring wiring, SecuritySettings settings, Flux flux) {
        this.calls = calls;
        this.cache = cache;
        this.wiring = wiring;
        this.settings = settings;
        this.flux = flux;
    }

    /**
     * Puts a pod's port in these profiles; when it returns, it is in them and in nothing else.
     *
     * @param before in which it is known to be; null when that is not known. If it is in others than it shall be, the cache says
     *     so no more.
     * @param direct whether it need not be closed in between: it is to be narrowed otherwise, and no more
     */
    void move(
            PortId port,
            @Nullable Set<ProfileId> before,
            Set<ProfileId> to,
            boolean direct,
            @Nullable PodRef pod,
            Checkpoint steps) {
        if (to.equals(before)) {
            return;
        }
        flux.during(List.of(port), () -> {
            long end = end();
            boolean open = before != null && !before.isEmpty() && !direct;
            if (open || to.isEmpty()) {
                shut(List.of(port), end, end, steps);
            }
            if (!to.isEmpty()) {
                bind(new Binding(port, List.copyOf(to), pod), before == null || direct, end, steps);
            }
            cache.profiles().confirmed(List.of(port), to);
            steps.passed("profiles noted");
        });
    }

    private long end() {
        return System.nanoTime() + settings.bindDeadline().toNanos();
    }

    /** @param open whether the port may let something through that the set does not, until the node has carried it out */
    private void bind(Binding binding, boolean open, long end, Checkpoint steps) {
        Long mark;
        try {
            mark = ask(List.of(binding), end);
        } catch (SecurityUnavailable e) {
            if (!e.inOtherProfiles()) {
                throw e;
            }
            shut(List.of(binding.port()), end, end, steps);
            mark = ask(List.of(binding), end);
        }
        steps.passed("port bound");
        if (mark != null || open) {
            await(mark, end);
        }
        steps.passed("binding carried out");
    }

    private void shut(Collection<PortId> ports, long lastTry, long end, Checkpoint steps) {
        Long mark = ask(
                ports.stream().map(port -> new Binding(port, List.of(), null)).toList(), lastTry);
        steps.passed("port closed");
        await(mark, end);
        if (mark != null) {
            awaitFlows();
        }
        // OVN lets in whatever answers a connection that was begun before, in the port's next set too.
        ports.forEach(id -> cache.port(id).map(CachedPort::backendId).ifPresent(wiring::flushConnections));
        steps.passed("closing carried out");
    }

    /** Closes those of these free ports that no pod has taken meanwhile; again does no harm. One try. */
    void close(Collection<PortId> ports) {
        flux.during(ports, () -> {
            List<PortId> mine = free(ports, port -> !Set.of().equals(port.profiles()));
            if (!mine.isEmpty()) {
                shut(mine, System.nanoTime(), end(), Checkpoint.NONE);
                cache.profiles().confirmed(mine, Set.of());
            }
        });
    }

    /** Puts those of these free and closed ports in a set that no pod has taken meanwhile. One try. */
    void fill(Collection<PortId> ports, Set<ProfileId> set) {
        flux.during(ports, () -> {
            List<PortId> mine = free(ports, port -> Set.of().equals(port.profiles()));
            if (!mine.isEmpty()) {
                List<Binding> bindings = mine.stream()
                        .map(port -> new Binding(port, List.copyOf(set), null))
                        .toList();
                Long mark = ask(bindings, System.nanoTime());
                if (mark != null) {
                    await(mark, end());
                }
                cache.profiles().confirmed(mine, set);
            }
        });
    }

    private List<PortId> free(Collection<PortId> ports, Predicate<CachedPort> condition) {
        return cache.profiles().unsettle(ports, condition.and(CachedPort::available)).stream()
                .map(CachedPort::id)
                .toList();
    }

    /** @param end after which it is not tried again */
    private @Nullable Long ask(List<Binding> bindings, long end) {
        Duration pause = FIRST_PAUSE;
        while (true) {
            switch (calls.bind(bindings)) {
                case SecurityCalls.Bound.Done(Long mark) -> {
                    return mark;
                }
                case SecurityCalls.Bound.Refused(String problem, String detail) -> throw refusal(problem, detail);
                case SecurityCalls.Bound.Failed(String why) -> {
                    if (System.nanoTime() + pause.toNanos() > end || !sleep(pause)) {
                        throw new SecurityUnavailable(why);
                    }
                    pause = pause.multipliedBy(2);
                    pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
                }
            }
        }
    }

    private static RuntimeException refusal(String problem, String detail) {
        if (problem.equals(IN_OTHER_PROFILES)) {
            return new SecurityUnavailable("security-service: " + detail, true);
        }
        return problem.contains("profile")
                ? new ProfilesRefused(ProfilesRefused.Reason.REFUSED, "security-service: " + detail)
                : new SecurityUnavailable("security-service refuses %s: %s".formatted(problem, detail));
    }

    private void await(@Nullable Long mark, long end) {
        if (mark == null) {
            if (!sleep(settings.settle())) {
                throw new SecurityUnavailable("the agent is stopping");
            }
            return;
        }
        try {
            wiring.awaitConfiguration(mark, Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        } catch (WiringRefused e) {
            throw new SecurityUnavailable(String.valueOf(e.getMessage()));
        }
    }

    private void awaitFlows() {
        try {
            wiring.awaitFlows();
        } catch (WiringRefused e) {
            throw new SecurityUnavailable(String.valueOf(e.getMessage()));
        }
    }

    /** Between two tries, and where nobody can be asked whether a switch has shut a port. False when the agent is stopping. */
    private static boolean sleep(Duration time) {
        try {
            Thread.sleep(time);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
