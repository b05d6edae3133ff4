package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Load balancers in a map. Some may be made sick, and the number of writes is counted. */
public final class InMemoryLoadBalancers implements SdnLoadBalancers {
    private static final Abilities EVERYTHING =
            new Abilities(EnumSet.allOf(Transport.class), Duration.ofDays(1), true, true, true, true);

    private static final IpAddress OUTSIDE = IpAddress.parse("203.0.113.0");

    private final Runnable reached;
    private final Map<LoadBalancerId, LoadBalancerSpec> balancers = new TreeMap<>();
    private final Map<LoadBalancerId, Function<LoadBalancerSpec, Settled>> sick = new HashMap<>();
    private final Map<LoadBalancerId, IpAddress> outside = new HashMap<>();
    private Abilities abilities = EVERYTHING;
    private int given;
    private int batch = 64;
    private int writes;

    InMemoryLoadBalancers(Runnable reached) {
        this.reached = reached;
    }

    @Override
    public synchronized Abilities abilities() {
        return abilities;
    }

    public synchronized void abilities(Abilities other) {
        abilities = other;
    }

    @Override
    public synchronized int batch() {
        return batch;
    }

    public synchronized void batch(int other) {
        batch = other;
    }

    /** From now on writes of this one end so; called without the lock, so it may block. */
    public synchronized void sicken(LoadBalancerId id, Function<LoadBalancerSpec, Settled> how) {
        sick.put(id, how);
    }

    public synchronized void heal(LoadBalancerId id) {
        sick.remove(id);
    }

    /** As somebody else might. */
    public synchronized void tamper(LoadBalancerSpec other) {
        balancers.put(other.id(), other);
    }

    /** How many calls changed something. */
    public synchronized int writes() {
        return writes;
    }

    /** All that there are. */
    public synchronized Map<LoadBalancerId, LoadBalancerSpec> everything() {
        return Map.copyOf(balancers);
    }

    @Override
    public synchronized Audit audit(Collection<LoadBalancerSpec> wanted) {
        reached.run();
        Set<LoadBalancerId> right = new HashSet<>();
        wanted.stream().filter(spec -> spec.equals(balancers.get(spec.id()))).forEach(spec -> right.add(spec.id()));
        Map<LoadBalancerId, IpAddress> addresses = new HashMap<>(outside);
        addresses.keySet().retainAll(right);
        return new Audit(right, balancers.keySet(), addresses);
    }

    @Override
    public Map<LoadBalancerId, Settled> ensure(Collection<LoadBalancerSpec> specs) {
        Map<LoadBalancerId, Settled> settled = new HashMap<>();
        for (LoadBalancerSpec spec : specs) {
            Function<LoadBalancerSpec, Settled> how = sickness(spec.id());
            if (how != null) {
                settled.put(spec.id(), how.apply(spec));
            }
        }
        if (settled.size() < specs.size()) {
            write(specs, settled);
        }
        return settled;
    }

    private synchronized @Nullable Function<LoadBalancerSpec, Settled> sickness(LoadBalancerId id) {
        return sick.get(id);
    }

    private synchronized void write(Collection<LoadBalancerSpec> specs, Map<LoadBalancerId, Settled> settled) {
        reached.run();
        boolean changed = false;
        for (LoadBalancerSpec spec : specs) {
            if (!settled.containsKey(spec.id())) {
                Settled outcome = put(spec);
                settled.put(spec.id(), outcome);
                changed |= outcome instanceof Settled.Done done && done.ensured() != Ensured.UNCHANGED;
            }
        }
        writes += changed ? 1 : 0;
    }

    private Settled put(LoadBalancerSpec spec) {
        LoadBalancerSpec before = balancers.put(spec.id(), spec);
        return new Settled.Done(
                before == null ? Ensured.MADE : before.equals(spec) ? Ensured.UNCHANGED : Ensured.MENDED,
                outside(spec),
                null);
    }

    /** The requested one, or one of a block that nobody has. */
    private @Nullable IpAddress outside(LoadBalancerSpec spec) {
        if (spec.outside() == null) {
            outside.remove(spec.id());
            return null;
        }
        IpAddress requested = spec.outside().requested();
        if (requested != null) {
            outside.put(spec.id(), requested);
        }
        return outside.computeIfAbsent(spec.id(), id -> OUTSIDE.plus(++given));
    }

    @Override
    public synchronized Map<LoadBalancerId, Settled> delete(Collection<LoadBalancerId> ids) {
        reached.run();
        Map<LoadBalancerId, Settled> settled = new HashMap<>();
        boolean changed = false;
        for (LoadBalancerId id : ids) {
            boolean there = balancers.remove(id) != null;
            outside.remove(id);
            changed |= there;
            settled.put(id, new Settled.Done(there ? Ensured.MENDED : Ensured.UNCHANGED));
        }
        writes += changed ? 1 : 0;
        return settled;
    }
}
