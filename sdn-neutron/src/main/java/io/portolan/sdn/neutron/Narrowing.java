package io.portolan.sdn.neutron;

import io.portolan.model.ProfileId;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.SecurityGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policies, in a cloud whose groups only add to each other (ADR 11).
 *
 * <p>A policy is a group that says its rules and is on no port. Ports that are in profiles and policies are in one group that is
 * made for just that set, and says what both let through ({@link Narrowed}). So a port's set is still one {@code PUT}, and a
 * change of a profile or a policy is one of rules: whoever makes it, has the groups of all sets follow. What cannot be said is left
 * out, which allows less, and told ({@link #leftOut}).
 *
 * <p>What a set's group says rests on other groups, which others may change at the same time. So whoever wrote anything looks
 * once more, until nothing is missing: of two writers the later one has seen what the other one wrote. A set's group is put on a
 * port only after such a look.
 */
final class Narrowing {
    /** A group with more rules than that is cut. */
    static final int MOST_RULES = 512;

    private static final Logger log = LoggerFactory.getLogger(Narrowing.class);
    private static final Duration TIDY = Duration.ofMinutes(10);

    private final NeutronApi api;
    private final Mark mark;
    private final ServicesNetwork services;
    private final GroupRules rules;
    /** Groups of sets that were whole once: their rules are kept so by whoever changes what they rest on. */
    private final Map<PortSet, String> known = new ConcurrentHashMap<>();
    /** Sets that have fewer rules than they should, as the last look found. */
    private volatile Map<PortSet, Refused> refused = Map.of();

    private long nextTidy = System.nanoTime() + TIDY.toNanos();

    Narrowing(NeutronApi api, Mark mark, ServicesNetwork services) {
        this.api = api;
        this.mark = mark;
        this.services = services;
        this.rules = new GroupRules(api);
    }

    Groups look() {
        return Groups.look(api, mark);
    }

    private List<GroupRule> itself() {
        return services.cidrs().stream().map(GroupRule::from).toList();
    }

    Map<ProfileId, String> ensure(Collection<PolicySpec> specs) {
        Map<ProfileId, PolicySpec> wanted = new LinkedHashMap<>();
        specs.forEach(spec -> wanted.put(spec.id(), spec));
        tidyNowAndThen();
        return Overtaken.settle("making network policies", () -> {
            Groups look = look();
            Map<ProfileId, String> names = new HashMap<>();
            boolean changed = false;
            for (PolicySpec spec : wanted.values()) {
                List<SecurityGroup> same = look.policies().getOrDefault(spec.id(), List.of());
                SecurityGroup group = same.isEmpty()
                        ? make("portolan-" + spec.name().replace('/', '-'), mark.policy(spec.id()))
                        : same.getFirst();
                changed |= same.size() != 1;
                changed |=
                        tag(group, spec.isolates().stream().map(GroupRule::word).collect(Collectors.toSet()));
                changed |= rules.mend(group, cut(said(spec)));
                same.stream().skip(1).forEach(extra -> GroupRules.gone(api.delete(Kind.SECURITY_GROUP, extra.id())));
                names.put(spec.id(), PortSet.policy(group.id()));
            }
            if (changed || follow(look)) {
                throw new Overtaken("what rests on these policies is looked at again");
            }
            return names;
        });
    }

    private static List<GroupRule> said(PolicySpec spec) {
        return spec.rules().stream()
                .filter(rule -> rule.own() == null)
                .flatMap(rule ->
                        GroupRule.of(
                                rule,
                                rule.peers() == null ? null : spec.addresses().get(rule.peers()))
                                .stream())
                .distinct()
                .sorted(Comparator.comparing(GroupRule::toString))
                .toList();
    }

    private static List<GroupRule> cut(Collection<GroupRule> all) {
        return all.stream().limit(MOST_RULES).toList();
    }

    private SecurityGroup make(String name, String description) {
        return NeutronApi.read(
                Kind.SECURITY_GROUP,
                api.create(Kind.SECURITY_GROUP, Body.fields("name", name, "description", description))
                        .orThrow());
    }

    private boolean tag(SecurityGroup group, Set<String> tags) {
        boolean differs = !group.tagged().equals(tags);
        if (differs) {
            api.act(Kind.SECURITY_GROUP, group.id(), "tags", Body.fields("tags", List.copyOf(tags)))
                    .orThrow();
        }
        return differs;
    }

    /** To be called by whoever changed a profile of ours; adopted ones are followed with policies. */
    void follow() {
        Overtaken.settle("narrowing profiles by policies", () -> {
            if (follow(look())) {
                throw new Overtaken("what rests on these profiles is looked at again");
            }
        });
    }

    /**
     * Each set for itself: one whose rules the cloud refuses, for its quota, say, has fewer, and holds up no other.
     *
     * @return whether anything was otherwise than it should be, and is as it should be now
     */
    private boolean follow(Groups look) {
        boolean changed = false;
        List<GroupRule> free = look.sets().isEmpty() ? List.of() : itself();
        Map<PortSet, Refused> troubles = new HashMap<>();
        for (Map.Entry<PortSet, List<SecurityGroup>> set : look.sets().entrySet()) {
            List<GroupRule> wanted =
                    look.narrowed(set.getKey(), free).map(Narrowed::rules).orElse(List.of());
            try {
                changed |= rules.mend(set.getValue().getFirst(), cut(look.withSets(wanted)));
            } catch (Refused e) {
                troubles.put(set.getKey(), e);
            }
            changed |= set.getValue().stream()
                    .skip(1)
                    .anyMatch(
                            extra -> api.delete(Kind.SECURITY_GROUP, extra.id()).ok());
        }
        for (SecurityGroup profile : look.profiles()) {
            List<GroupRule> has = profile.rules().stream().map(GroupRule::of).toList();
            List<GroupRule> missing = new ArrayList<>(look.withSets(has));
            missing.removeAll(has);
            try {
                rules.add(profile, missing);
                changed |= !missing.isEmpty();
            } catch (Refused e) {
                log.warn("Ports in sets with policies are not let in by {}: {}", profile.name(), e.getMessage());
            }
        }
        refused = Map.copyOf(troubles);
        return changed;
    }

    /** The groups of a port that is in these profiles and policies. */
    List<String> groups(PortSet set) {
        if (!set.isNarrowed()) {
            return List.copyOf(set.members());
        }
        String there = known.get(set);
        if (there != null) {
            return List.of(there);
        }
        String made = Overtaken.settle("narrowing profiles by policies", () -> {
            Groups look = look();
            refuseWhatIsNotThere(look, set);
            List<SecurityGroup> groups = look.sets().getOrDefault(set, List.of());
            if (groups.isEmpty()) {
                SecurityGroup group = look.unnamed().stream()
                        .filter(each -> mark.set(set).equals(each.description()))
                        .findFirst()
                        .orElseGet(() -> make("portolan-set", mark.set(set)));
                tag(group, set.members());
                throw new Overtaken("it is made");
            }
            if (follow(look)) {
                throw new Overtaken("its rules are made");
            }
            Refused why = refused.get(set);
            if (why != null) {
                throw why;
            }
            return groups.getFirst().id();
        });
        known.put(set, made);
        return List.of(made);
    }

    private void refuseWhatIsNotThere(Groups look, PortSet set) {
        Set<String> policies = look.policies().values().stream()
                .map(groups -> PortSet.policy(groups.getFirst().id()))
                .collect(Collectors.toSet());
        Optional<String> gone = set.members().stream()
                .filter(member -> PortSet.isPolicy(member) && !policies.contains(member))
                .findFirst();
        if (gone.isPresent() || look.narrowed(set, List.of()).isEmpty()) {
            throw new Refused(
                    Reason.NOT_FOUND,
                    gone.map(policy -> "there is no network policy " + policy)
                            .orElse("one of the security groups %s is not there".formatted(set.members())));
        }
    }

    /** Somebody may have deleted groups that were whole once. */
    void forget() {
        known.clear();
    }

    private void tidyNowAndThen() {
        synchronized (this) {
            if (System.nanoTime() - nextTidy < 0) {
                return;
            }
            nextTidy = System.nanoTime() + TIDY.toNanos();
        }
        tidy();
    }

    /** Tries to delete each set's group: of those that a port is in Neutron refuses it. Whoever needs one again makes it. */
    void tidy() {
        Groups look = look();
        List<SecurityGroup> all = new ArrayList<>(look.unnamed());
        look.sets().values().forEach(all::addAll);
        for (SecurityGroup group : all) {
            Answer answer = api.delete(Kind.SECURITY_GROUP, group.id());
            if (answer.ok()) {
                forget();
            }
        }
    }

    /** What of these policies is not in the network, in words. */
    Map<ProfileId, List<String>> leftOut(Collection<PolicySpec> specs) {
        Groups look = look();
        Map<ProfileId, List<String>> all = new HashMap<>();
        for (PolicySpec spec : specs) {
            List<String> words = new ArrayList<>();
            if (spec.rules().stream().anyMatch(rule -> rule.own() != null)) {
                words.add(
                        "a port by its name stands for what each pod means by it, and a group's rule is for all of its ports");
            }
            if (said(spec).size() > MOST_RULES) {
                words.add("it needs %d rules, and has %d at most"
                        .formatted(said(spec).size(), MOST_RULES));
            }
            look.policies().getOrDefault(spec.id(), List.of()).stream()
                    .limit(1)
                    .map(group -> PortSet.policy(group.id()))
                    .forEach(policy -> {
                        words.addAll(lost(look, policy));
                        refused.entrySet().stream()
                                .filter(set -> set.getKey().members().contains(policy))
                                .map(set -> String.valueOf(set.getValue().getMessage()))
                                .findFirst()
                                .ifPresent(words::add);
                    });
            if (!words.isEmpty()) {
                all.put(spec.id(), List.copyOf(words));
            }
        }
        return all;
    }

    private static List<String> lost(Groups look, String policy) {
        int pairs = 0;
        int odd = 0;
        int cut = 0;
        for (PortSet set : look.sets().keySet()) {
            Optional<Narrowed> narrowed =
                    set.members().contains(policy) ? look.narrowed(set, List.of()) : Optional.empty();
            pairs += narrowed.map(Narrowed::lost).orElse(0);
            odd += narrowed.map(Narrowed::odd).orElse(0);
            cut += narrowed.filter(each -> each.rules().size() > MOST_RULES).isPresent() ? 1 : 0;
        }
        List<String> words = new ArrayList<>();
        if (pairs > 0) {
            words.add(
                    "a profile of its pods lets through who is in another profile, of whom a rule cannot say that they are at certain addresses, too");
        }
        if (odd > 0) {
            words.add(
                    "an adopted group of its pods has rules of types of ICMP, or of groups of addresses, which are not carried over");
        }
        if (cut > 0) {
            words.add("with the profiles of its pods it needs more than %d rules".formatted(MOST_RULES));
        }
        return words;
    }

    /** Groups of sets that name this member; none of them may be on a port. */
    void deleteSetsOf(Groups look, String member) {
        forget();
        look.setsOf(member).forEach(group -> GroupRules.gone(api.delete(Kind.SECURITY_GROUP, group.id())));
    }

    void delete(ProfileId policy) {
        Groups look = look();
        for (SecurityGroup group : look.policies().getOrDefault(policy, List.of())) {
            deleteSetsOf(look, PortSet.policy(group.id()));
            GroupRules.gone(api.delete(Kind.SECURITY_GROUP, group.id()));
        }
    }

    /** For a cluster that is taken down. */
    void delete() {
        forget();
        Groups look = look();
        List<SecurityGroup> all = new ArrayList<>(look.unnamed());
        look.sets().values().forEach(all::addAll);
        look.policies().values().forEach(all::addAll);
        all.forEach(group -> GroupRules.gone(api.delete(Kind.SECURITY_GROUP, group.id())));
    }
}
