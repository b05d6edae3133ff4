package io.portolan.sdn;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Profiles that are a map. As strict as a real network: a port and a profile must be there to be bound. */
public final class InMemorySecurity implements SdnSecurity {
    private final Runnable reached;
    private final Predicate<String> foreign;
    private final Map<NodeId, Set<PortId>> ports;
    private final Map<ProfileId, ProfileSpec> profiles = new TreeMap<>();
    private final Map<ProfileId, PolicySpec> policies = new TreeMap<>();
    private final Map<PortId, Set<String>> bound = new HashMap<>();
    private final Set<NodeId> closed = new HashSet<>();
    private Abilities abilities = new Abilities(true, true, true, true, 32);
    private long mark;
    private long binds;

    /**
     * @param foreign whether there is a group of somebody else by this id
     * @param ports which of the cluster's nodes has which, kept up to date by whoever gives it
     */
    InMemorySecurity(Runnable reached, Predicate<String> foreign, Map<NodeId, Set<PortId>> ports) {
        this.reached = reached;
        this.foreign = foreign;
        this.ports = ports;
    }

    /** Makes it a network that can less. */
    public synchronized void abilities(Abilities less) {
        abilities = less;
    }

    @Override
    public synchronized Abilities abilities() {
        return abilities;
    }

    @Override
    public synchronized Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs) {
        reached.run();
        Map<ProfileId, ProfileSpec> after = new TreeMap<>(profiles);
        specs.forEach(spec -> after.put(spec.id(), spec));
        Set<String> there = after.keySet().stream().map(InMemorySecurity::name).collect(Collectors.toSet());
        for (ProfileSpec spec : specs) {
            spec.rules().forEach(rule -> refuse(spec, rule, there));
        }
        profiles.putAll(after);
        return specs.stream().map(ProfileSpec::id).distinct().collect(Collectors.toMap(id -> id, id -> name(id)));
    }

    private void refuse(ProfileSpec spec, Rule rule, Set<String> there) {
        if (!abilities.drops() && (rule.action() == Action.DROP || rule.priority() != ProfileSpec.LOWEST_PRIORITY)) {
            throw new Refused(Reason.NOT_SUPPORTED, "profile " + spec.name() + ": this network's rules only allow");
        }
        if (!abilities.logs() && rule.log()) {
            throw new Refused(Reason.NOT_SUPPORTED, "profile " + spec.name() + ": this network keeps no notes");
        }
        if (rule.remote() instanceof Remote.Members(String group) && !there.contains(group) && !foreign.test(group)) {
            throw new Refused(Reason.NOT_FOUND, "profile %s: there is no %s".formatted(spec.name(), group));
        }
    }

    private static String name(ProfileId id) {
        return "profile-" + id;
    }

    @Override
    public synchronized String adopt(String group) {
        reached.run();
        if (!abilities.adopts()) {
            throw new Refused(Reason.NOT_SUPPORTED, "no group of this network can be adopted");
        }
        if (!foreign.test(group)) {
            throw new Refused(Reason.NOT_FOUND, "there is no group " + group);
        }
        return group;
    }

    @Override
    public synchronized Set<ProfileId> ownProfiles() {
        reached.run();
        return Set.copyOf(profiles.keySet());
    }

    @Override
    public synchronized void deleteProfile(ProfileId id) {
        reached.run();
        boolean hasPorts = bound.values().stream().anyMatch(set -> set.contains(name(id)));
        boolean isNamed = profiles.values().stream()
                .filter(spec -> !spec.id().equals(id))
                .flatMap(spec -> spec.rules().stream())
                .anyMatch(rule -> rule.remote().equals(new Remote.Members(name(id))));
        if (hasPorts || isNamed) {
            throw new Refused(Reason.IN_USE, "profile " + id + (hasPorts ? " has ports" : " is spoken of by another"));
        }
        profiles.remove(id);
    }

    private static String policyName(ProfileId id) {
        return "policy-" + id;
    }

    @Override
    public synchronized Map<ProfileId, String> ensurePolicies(Collection<PolicySpec> specs) {
        reached.run();
        if (!abilities.policies()) {
            throw new Refused(Reason.NOT_SUPPORTED, "this network's groups only add to each other");
        }
        specs.forEach(spec -> policies.put(spec.id(), spec));
        return specs.stream().map(PolicySpec::id).distinct().collect(Collectors.toMap(id -> id, id -> policyName(id)));
    }

    @Override
    public synchronized Set<ProfileId> ownPolicies() {
        reached.run();
        return Set.copyOf(policies.keySet());
    }

    @Override
    public synchronized void deletePolicy(ProfileId id) {
        reached.run();
        if (bound.values().stream().anyMatch(set -> set.contains(policyName(id)))) {
            throw new Refused(Reason.IN_USE, "policy " + id + " has ports");
        }
        policies.remove(id);
    }

    @Override
    public synchronized Taken close(Collection<NodeId> nodes) {
        reached.run();
        boolean changed = false;
        for (NodeId node : nodes) {
            changed |= ports.containsKey(node) && closed.add(node);
        }
        mark += changed ? 1 : 0;
        return new Taken(mark);
    }

    @Override
    public synchronized void open() {
        reached.run();
        closed.clear();
    }

    @Override
    public synchronized Taken bind(Collection<Binding> bindings) {
        reached.run();
        for (Binding binding : bindings) {
            if (!ports.getOrDefault(binding.node(), Set.of()).contains(binding.port())) {
                throw new Refused(Reason.NOT_FOUND, "there is no port " + binding.port());
            }
            for (String profile : binding.profiles()) {
                if (profiles.keySet().stream().noneMatch(id -> name(id).equals(profile))
                        && policies.keySet().stream()
                                .noneMatch(id -> policyName(id).equals(profile))
                        && !foreign.test(profile)) {
                    throw new Refused(Reason.NOT_FOUND, "there is no profile " + profile);
                }
            }
            if (binding.profiles().size() > abilities.mostPerPort()) {
                throw new Refused(
                        Reason.NOT_SUPPORTED, "a port is in %d profiles at most".formatted(abilities.mostPerPort()));
            }
        }
        bindings.forEach(binding -> {
            bound.put(binding.port(), binding.profiles());
            closed.add(binding.node());
        });
        binds++;
        return new Taken(++mark);
    }

    @Override
    public synchronized Map<PortId, Set<String>> bindings(NodeId node) {
        reached.run();
        return ports.getOrDefault(node, Set.of()).stream()
                .collect(Collectors.toMap(port -> port, port -> bound.getOrDefault(port, Set.of())));
    }

    /** What was asked for last of each. */
    public synchronized List<ProfileSpec> profiles() {
        return List.copyOf(profiles.values());
    }

    /** What was asked for last of each. */
    public synchronized List<PolicySpec> policies() {
        return List.copyOf(policies.values());
    }

    /** Nodes whose ports are closed unless bound. */
    public synchronized Set<NodeId> closed() {
        return Set.copyOf(closed);
    }

    /** How many writes {@link #bind} has made. */
    public synchronized long binds() {
        return binds;
    }

    /** Somebody else changes a port's groups. */
    public synchronized void tamper(PortId port, Set<String> groups) {
        bound.put(port, Set.copyOf(groups));
    }

    synchronized void gone(Collection<PortId> deleted) {
        bound.keySet().removeAll(Set.copyOf(deleted));
    }

    synchronized void gone(NodeId node) {
        closed.remove(node);
    }

    synchronized void gone() {
        profiles.clear();
        policies.clear();
    }
}
