package io.portolan.security.policy;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.networks.Networks;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.network.Trouble;
import io.portolan.security.policy.Compilation.Compiled;
import io.portolan.security.policy.PolicyRepository.Declared;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Makes a cluster's policies true, where this replica watches them; takes back those of clusters whose policies do not count. */
@Component
class PolicyReconciler implements Reconciler<ClusterId> {
    private static final Logger log = LoggerFactory.getLogger(PolicyReconciler.class);
    private static final String NOT_SUPPORTED = "NetworkPolicyNotSupported";
    private static final String INVALID = "NetworkPolicyInvalid";
    private static final String REFUSED = "NetworkPolicyRefused";
    private static final Duration UNTIL_LISTED = Duration.ofMillis(250);
    private static final Duration UNTIL_UNUSED = Duration.ofSeconds(2);

    private final PolicyRepository repository;
    private final Policies policies;
    private final PolicyWatches watches;
    private final Clusters clusters;
    private final Networks networks;

    PolicyReconciler(
            PolicyRepository repository,
            Policies policies,
            PolicyWatches watches,
            Clusters clusters,
            Networks networks) {
        this.repository = repository;
        this.policies = policies;
        this.watches = watches;
        this.clusters = clusters;
        this.networks = networks;
    }

    @Override
    public Set<ClusterId> keys() {
        Set<ClusterId> keys = repository.clusters().stream().map(ClusterId::new).collect(toSet());
        watches.keep(keys);
        return keys;
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        Optional<Cluster> cluster = clusters.find(key).filter(each -> !each.isDeleting());
        Optional<Declared> declared = repository.declared(key.value());
        if (cluster.isEmpty() || declared.isEmpty()) {
            watches.stop(key);
        }
        if (cluster.isEmpty() || (declared.isEmpty() && policies.of(key).isEmpty())) {
            return Outcome.DONE;
        }
        if (!watches.isMine(key)) {
            return Outcome.again(watches.renewal());
        }
        SdnSecurity network = networks.of(cluster.get().target()).security();
        if (declared.isEmpty()) {
            withdraw(key, network, network.ownPolicies(), List.of());
            return Outcome.again(UNTIL_UNUSED);
        }
        PolicyWatch watch;
        try {
            watch = watches.of(key, declared.get().getSecret());
        } catch (IllegalStateException e) {
            watches.stands(
                    key, PolicyStand.failed(new Trouble("kubernetes-secret-unknown", String.valueOf(e.getMessage()))));
            return Outcome.again(watches.renewal());
        }
        if (!watch.isSynced()) {
            watches.stands(
                    key,
                    watch.trouble()
                            .map(PolicyStand::failed)
                            .orElseGet(() -> PolicyStand.pending("the API server is asked for all of them")));
            return Outcome.again(UNTIL_LISTED);
        }
        try {
            return follow(key, network, watch);
        } catch (SdnFailure e) {
            watches.stands(key, PolicyStand.failed(Trouble.of(e)));
            throw e;
        }
    }

    private Outcome follow(ClusterId key, SdnSecurity network, PolicyWatch watch) {
        List<NetworkPolicy> seen = watch.policies();
        watch.keep(seen.stream().map(policy -> policy.getMetadata().getUid()).collect(toSet()));
        if (!network.abilities().policies()) {
            seen.forEach(
                    policy -> watch.tell(
                            policy,
                            NOT_SUPPORTED,
                            "this cluster's network only has groups that add to each other, and none that narrows another: the policy has no effect; name security profiles instead"));
            return Outcome.again(watches.renewal());
        }
        make(key, network, watch, seen);
        watches.stands(key, watch.trouble().map(PolicyStand::failed).orElse(PolicyStand.READY));
        boolean leaving = policies.of(key).stream().anyMatch(Policy::isDeleting);
        return Outcome.again(leaving ? UNTIL_UNUSED : watches.renewal());
    }

    private void make(ClusterId key, SdnSecurity network, PolicyWatch watch, List<NetworkPolicy> seen) {
        Set<ProfileId> found = network.ownPolicies();
        Facts facts = watch.facts();
        List<Compiled> compiled = new ArrayList<>();
        for (NetworkPolicy policy : seen) {
            try {
                Compiled one = Compilation.of(
                        policy, Policies.id(key, policy.getMetadata().getUid()), facts);
                compiled.add(one);
                if (!one.refusals().isEmpty()) {
                    watch.tell(policy, INVALID, String.join("; ", one.refusals()));
                }
            } catch (IllegalArgumentException e) {
                watch.tell(policy, INVALID, e.getMessage() + "; the policy has no effect");
            }
        }
        withdraw(key, network, found, compiled);
        Map<ProfileId, NetworkPolicy> byId = seen.stream()
                .collect(toMap(policy -> Policies.id(key, policy.getMetadata().getUid()), policy -> policy));
        List<PolicySpec> specs = compiled.stream().map(Compiled::spec).toList();
        ensure(
                network,
                specs,
                trouble -> watch.tell(Objects.requireNonNull(byId.get(trouble.policy())), REFUSED, trouble.why()));
        network.leftOut(specs)
                .forEach((id, words) -> watch.tell(
                        Objects.requireNonNull(byId.get(id)),
                        NOT_SUPPORTED,
                        "less is let through than it allows: " + String.join("; ", words)));
    }

    /** What a network has against a policy. */
    private record Against(ProfileId policy, String why) {}

    /** The network is looked at before the ledger, so a newborn is not taken for an orphan. */
    private void withdraw(ClusterId key, SdnSecurity network, Set<ProfileId> found, List<Compiled> lasting) {
        policies.see(key, lasting);
        policies.forget(key);
        Set<ProfileId> orphans = new HashSet<>(found);
        policies.of(key).forEach(policy -> orphans.remove(policy.id()));
        for (ProfileId orphan : orphans) {
            try {
                network.deletePolicy(orphan);
            } catch (SdnFailure.Refused e) {
                log.warn("Cluster {}: network policy {} stays for now: {}", key, orphan, e.getMessage());
            }
        }
    }

    /** All at once; where one is refused, each by itself. */
    private void ensure(SdnSecurity network, List<PolicySpec> specs, java.util.function.Consumer<Against> troubled) {
        if (specs.isEmpty()) {
            return;
        }
        Map<ProfileId, String> names;
        try {
            names = network.ensurePolicies(specs);
        } catch (SdnFailure.Refused e) {
            if (specs.size() > 1) {
                specs.forEach(spec -> ensure(network, List.of(spec), troubled));
            } else {
                String why = String.valueOf(e.getMessage());
                repository.troubled(specs.getFirst().id().value(), why);
                troubled.accept(new Against(specs.getFirst().id(), why));
            }
            return;
        }
        policies.made(names);
    }
}
