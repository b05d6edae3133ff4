package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.SecurityGroup;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Profiles as security groups, made by us or by somebody.
 *
 * <p>A group only allows, so that rules which drop, have a priority or log are refused. Neutron gives every new group rules
 * that let everything out; they go with all others that the profile does not have, before those that are missing are made:
 * in between the group is the more closed, not the more open. Each group lets in what comes from the Services' subnet: nobody
 * sends from there but a pod that reaches itself through its own Service. A port's whole set is one {@code PUT}: nothing is looked at
 * before, because the call at a pod's start is to be the only one, and two sets cannot mix. For the same reason it has no
 * {@code If-Match}; whoever is last wins, and security-service lets only one write at a time.
 */
record NeutronSecurity(NeutronApi api, Mark mark, Closing closing, ServicesNetwork services, Narrowing narrowing)
        implements SdnSecurity {
    private static final Abilities ABILITIES = new Abilities(true, false, false, true, 32);
    private static final Pattern ID = Pattern.compile("[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}");

    @Override
    public Abilities abilities() {
        return ABILITIES;
    }

    @Override
    public Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs) {
        Map<ProfileId, ProfileSpec> wanted = new LinkedHashMap<>();
        specs.forEach(spec -> wanted.put(spec.id(), spec));
        wanted.values().forEach(NeutronSecurity::refuseWhatCannotBeSaid);
        AtomicBoolean changed = new AtomicBoolean();
        Map<ProfileId, String> made = Overtaken.settle("making security profiles", () -> {
            Groups look = narrowing.look();
            Map<ProfileId, List<SecurityGroup>> there = byProfile(look.profiles());
            refuseUnknownRemotes(wanted.values(), there);
            Making making = new Making(
                    look, services.cidrs().stream().map(GroupRule::from).toList(), changed);
            Map<ProfileId, String> ids = new HashMap<>();
            wanted.forEach((id, spec) -> ids.put(id, ensure(spec, making, there.getOrDefault(id, List.of()))));
            return ids;
        });
        if (changed.get()) {
            narrowing.follow();
        }
        return made;
    }

    /**
     * @param itself rules that every profile has besides
     * @param changed to be told
     */
    private record Making(Groups look, List<GroupRule> itself, AtomicBoolean changed) {}

    private static void refuseWhatCannotBeSaid(ProfileSpec spec) {
        for (ProfileSpec.Rule rule : spec.rules()) {
            String cannot = rule.action() == Action.DROP
                    ? "drop"
                    : rule.priority() != ProfileSpec.LOWEST_PRIORITY ? "have a priority" : rule.log() ? "log" : null;
            if (cannot != null) {
                throw new Refused(
                        Reason.NOT_SUPPORTED,
                        "profile %s: a rule of a security group in Neutron cannot %s".formatted(spec.name(), cannot));
            }
        }
    }

    /** Those of our mark; the oldest of several that were made at once comes first, for all writers the same. */
    private Map<ProfileId, List<SecurityGroup>> groups(Collection<ProfileId> ids) {
        List<String> marks = ids.stream().map(mark::profile).toList();
        return byProfile(api.ours(Kind.SECURITY_GROUP, "description", marks));
    }

    private Map<ProfileId, List<SecurityGroup>> byProfile(List<SecurityGroup> groups) {
        Map<ProfileId, List<SecurityGroup>> found = new HashMap<>();
        Closing.oldestFirst(groups)
                .forEach(group -> mark.read(group, Mark.Kind.PROFILE)
                        .ifPresent(key -> found.computeIfAbsent(new ProfileId(key.id()), id -> new ArrayList<>())
                                .add(group)));
        return found;
    }

    /** Before anything is made. Those that a rule speaks of already are there: Neutron takes a rule's group with the rule. */
    private void refuseUnknownRemotes(Collection<ProfileSpec> specs, Map<ProfileId, List<SecurityGroup>> there) {
        Set<String> known = new TreeSet<>();
        there.values()
                .forEach(groups -> groups.forEach(group -> {
                    known.add(group.id());
                    group.rules().forEach(rule -> known.add(String.valueOf(rule.remoteGroupId())));
                }));
        for (ProfileSpec spec : specs) {
            for (ProfileSpec.Rule rule : spec.rules()) {
                if (rule.remote() instanceof Remote.Members(String group)
                        && known.add(group)
                        && find(group).isEmpty()) {
                    throw new Refused(
                            Reason.NOT_FOUND,
                            "profile %s: a rule speaks of security group %s, which is not there"
                                    .formatted(spec.name(), group));
                }
            }
        }
    }

    private Optional<SecurityGroup> find(String id) {
        return ID.matcher(id).matches() ? api.find(Kind.SECURITY_GROUP, id) : Optional.empty();
    }

    private String ensure(ProfileSpec spec, Making making, List<SecurityGroup> same) {
        String name = "portolan-" + spec.name();
        SecurityGroup group;
        if (same.isEmpty()) {
            Map<String, Object> fields = Body.fields("name", name, "description", mark.profile(spec.id()));
            group = NeutronApi.read(
                    Kind.SECURITY_GROUP, api.create(Kind.SECURITY_GROUP, fields).orThrow());
            mend(spec, making, group);
            if (groups(Set.of(spec.id())).getOrDefault(spec.id(), List.of()).size() > 1) {
                throw new Overtaken("another made profile " + spec.id());
            }
            return group.id();
        }
        group = same.getFirst();
        if (!name.equals(group.name())) {
            api.put(Kind.SECURITY_GROUP, group.id(), Body.fields("name", name)).orThrow();
        }
        mend(spec, making, group);
        same.stream().skip(1).forEach(extra -> GroupRules.gone(api.delete(Kind.SECURITY_GROUP, extra.id())));
        return group.id();
    }

    private void mend(ProfileSpec spec, Making making, SecurityGroup group) {
        Set<GroupRule> wanted = spec.rules().stream()
                .flatMap(rule -> GroupRule.of(rule).stream())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        wanted.addAll(making.itself());
        if (new GroupRules(api).mend(group, making.look().withSets(wanted))) {
            making.changed().set(true);
        }
    }

    @Override
    public String adopt(String group) {
        return find(group)
                .filter(found -> api.project().equals(found.projectId()) || Boolean.TRUE.equals(found.shared()))
                .map(SecurityGroup::id)
                .orElseThrow(() -> new Refused(
                        Reason.NOT_FOUND, "there is no security group %s in sight of the project".formatted(group)));
    }

    @Override
    public Set<ProfileId> ownProfiles() {
        return Set.copyOf(byProfile(all()).keySet());
    }

    private List<SecurityGroup> all() {
        return api.list(Kind.SECURITY_GROUP, Query.by("project_id", api.project()));
    }

    /** Neutron itself would delete the rules of others that speak of the group. */
    @Override
    public void deleteProfile(ProfileId id) {
        Groups look = narrowing.look();
        for (SecurityGroup group : groups(Set.of(id)).getOrDefault(id, List.of())) {
            narrowing.deleteSetsOf(look, group.id());
            api.list(Kind.SECURITY_RULE, Query.by("remote_group_id", group.id())).stream()
                    .filter(rule -> !rule.securityGroupId().equals(group.id()))
                    .findFirst()
                    .ifPresent(rule -> {
                        throw new Refused(
                                Reason.IN_USE,
                                "a rule of security group %s speaks of profile %s"
                                        .formatted(rule.securityGroupId(), id));
                    });
            GroupRules.gone(api.delete(Kind.SECURITY_GROUP, group.id()));
        }
    }

    /** For a cluster that is taken down. */
    void delete() {
        narrowing.delete();
        byProfile(all())
                .values()
                .forEach(groups ->
                        groups.forEach(group -> GroupRules.gone(api.delete(Kind.SECURITY_GROUP, group.id()))));
        closing.forget();
    }

    @Override
    public Map<ProfileId, String> ensurePolicies(Collection<PolicySpec> specs) {
        return specs.isEmpty() ? Map.of() : narrowing.ensure(specs);
    }

    @Override
    public Map<ProfileId, List<String>> leftOut(Collection<PolicySpec> specs) {
        return specs.isEmpty() ? Map.of() : narrowing.leftOut(specs);
    }

    @Override
    public Set<ProfileId> ownPolicies() {
        return Set.copyOf(narrowing.look().policies().keySet());
    }

    @Override
    public void deletePolicy(ProfileId id) {
        narrowing.delete(id);
    }

    @Override
    public Taken close(Collection<NodeId> nodes) {
        closing.close(nodes);
        return new Taken(null);
    }

    @Override
    public void open() {
        closing.open();
    }

    @Override
    public Taken bind(Collection<Binding> bindings) {
        Map<PortId, Binding> wanted = new LinkedHashMap<>();
        bindings.forEach(binding -> wanted.put(binding.port(), binding));
        try {
            put(wanted.values());
        } catch (Refused e) {
            if (e.reason() != Reason.NOT_FOUND
                    || wanted.values().stream()
                            .noneMatch(binding -> set(binding).isNarrowed())) {
                throw e;
            }
            narrowing.forget();
            put(wanted.values());
        }
        return new Taken(null);
    }

    private static PortSet set(Binding binding) {
        return new PortSet(binding.profiles());
    }

    private void put(Collection<Binding> bindings) {
        Map<PortSet, List<String>> groups = new HashMap<>();
        bindings.forEach(binding -> groups.computeIfAbsent(set(binding), narrowing::groups));
        AtOnce.each(
                "binding ports",
                bindings,
                binding -> api.put(
                                Kind.PORT,
                                binding.backendId(),
                                Body.fields("security_groups", Objects.requireNonNull(groups.get(set(binding)))))
                        .orThrow());
    }

    @Override
    public Map<PortId, Set<String>> bindings(NodeId node) {
        NodeNetwork on = NodeNetwork.look(api, mark, node);
        Map<PortId, Set<String>> bindings = new HashMap<>();
        if (on.exists()) {
            Groups look = narrowing.look();
            on.ports()
                    .forEach(port -> mark.read(port, Mark.Kind.PORT, node)
                            .ifPresent(key -> bindings.put(new PortId(key.id()), look.members(port.groups()))));
        }
        return bindings;
    }
}
