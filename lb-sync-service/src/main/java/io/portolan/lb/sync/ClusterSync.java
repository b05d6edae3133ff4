package io.portolan.lb.sync;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.lb.balancer.Balancers;
import io.portolan.lb.balancer.Balancers.Owner;
import io.portolan.lb.balancer.Balancers.Standing;
import io.portolan.lb.cluster.Cluster;
import io.portolan.lb.cluster.LoadBalancing;
import io.portolan.lb.cluster.LoadBalancings;
import io.portolan.lb.desired.ClusterFacts;
import io.portolan.lb.desired.Desired;
import io.portolan.lb.desired.Refusal;
import io.portolan.lb.desired.Refusal.Reason;
import io.portolan.lb.directory.PortDirectory;
import io.portolan.lb.kube.Leadership;
import io.portolan.lb.kube.ServiceWatch;
import io.portolan.lb.settings.LbProperties;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.networks.Networks;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cluster: its watch, its Lease, its loop. The package says how it works. It is longer than most because it is the one
 * place where the four sides of a balancer meet: Kubernetes, the function, the ledger and the network.
 */
final class ClusterSync implements Reconciler<LoadBalancerId>, ServiceWatch.Listener, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClusterSync.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final Duration PENDING = Duration.ofSeconds(1);

    /** What all clusters have in common. */
    record Surroundings(
            LoadBalancings balancings,
            Balancers balancers,
            Networks networks,
            PortDirectory directory,
            LedgerLocks locks,
            MeterRegistry meters,
            LbProperties properties) {}

    private final Surroundings with;
    private final ClusterId cluster;
    private final String name;
    private final KubernetesClient client;
    private final ServiceStatus status;
    private final SyncMeters meters;
    private final TwoLooks orphans;
    private final Batches batches;
    private final Map<LoadBalancerId, Known> known = new ConcurrentHashMap<>();
    private final ReconcileLoop<LoadBalancerId> loop;
    private final ServiceWatch watch;
    private final Leadership leadership;
    private final Set<LoadBalancerId> there = ConcurrentHashMap.newKeySet();
    private final Set<LoadBalancerId> addressed = ConcurrentHashMap.newKeySet();
    /** Whether all was looked at once since this replica became the active one, and whether the network could be read. */
    private volatile boolean looked;

    private volatile boolean listed;
    private volatile @Nullable ClusterFacts facts;
    private volatile LoadBalancing declared;

    ClusterSync(Surroundings with, Cluster cluster, LoadBalancing declared, KubernetesClient client) {
        this.with = with;
        this.cluster = cluster.id();
        this.name = cluster.name().value();
        this.declared = declared;
        this.client = client;
        this.status = new ServiceStatus(client);
        this.meters = new SyncMeters(with.meters(), name);
        this.orphans = new TwoLooks(with.properties().orphanAge());
        this.batches = new Batches(this::network, with.properties().batchDelay());
        this.loop = new ReconcileLoop<>(
                "services-" + name,
                this,
                with.locks(),
                with.meters(),
                with.properties().loop().settings());
        this.watch = new ServiceWatch(this.cluster, client, this);
        this.leadership = new Leadership(
                client, with.properties().lease(), with.properties().replica(), this::forget, loop::wakeAll);
        loop.start();
    }

    /** Another replica was active meanwhile: what was known before may not be so any more. */
    private void forget() {
        looked = false;
        listed = false;
        known.clear();
        there.clear();
        addressed.clear();
        facts = null;
    }

    @Override
    public void changed(LoadBalancerId balancer) {
        meters.signalled(balancer);
        loop.wake(balancer);
    }

    @Override
    public void everythingChanged() {
        facts = null;
        loop.wakeAll();
    }

    void declared(LoadBalancing now) {
        if (!now.equals(declared)) {
            boolean other = now.revision() != declared.revision();
            declared = now;
            if (other) {
                everythingChanged();
            }
        }
    }

    LoadBalancing declared() {
        return declared;
    }

    boolean isActive() {
        return leadership.isLeading() && watch.isSynced();
    }

    boolean isSynced() {
        return watch.isSynced();
    }

    /** Who became the active one before everything was listed has not looked yet. */
    void catchUp() {
        if (isActive() && !looked) {
            loop.wakeAll();
        }
    }

    Optional<String> stuck() {
        return loop.stuck();
    }

    private SdnLoadBalancers network() {
        return with.networks().of(cluster().target()).loadBalancers();
    }

    private Cluster cluster() {
        return with.balancings()
                .cluster(cluster)
                .orElseThrow(() -> new IllegalStateException("cluster %s is gone".formatted(name)));
    }

    private ClusterFacts facts() {
        ClusterFacts now = facts;
        if (now == null) {
            Map<String, NodeId> joined = with.balancings().nodes(cluster);
            Map<String, ClusterFacts.Node> nodes = new HashMap<>();
            joined.forEach((node, id) -> nodes.put(node, new ClusterFacts.Node(id, List.of())));
            watch.nodeAddresses()
                    .forEach((node, addresses) ->
                            nodes.put(node, new ClusterFacts.Node(joined.get(node), nodePorts(addresses))));
            var spec = declared.spec();
            now = new ClusterFacts(
                    cluster().podCidrs(),
                    nodes,
                    spec.nodePortAddresses(),
                    spec.clusterAddressesOutside(),
                    spec.loadBalancerClass(),
                    spec.unclassed(),
                    network().abilities());
            facts = now;
        }
        return now;
    }

    private List<IpAddress> nodePorts(List<String> addresses) {
        List<IpAddress> all = new ArrayList<>();
        for (String text : addresses) {
            try {
                IpAddress address = IpAddress.parse(text);
                if (declared.spec().nodePortCidrs().stream().anyMatch(block -> block.contains(address))) {
                    all.add(address);
                }
            } catch (Malformed e) {
                log.debug("Node address {} of cluster {} is none", text, name);
            }
        }
        return all;
    }

    /** Reads everything once. A network that does not answer hides its orphans, and nothing is taken to be right. */
    @Override
    public Set<LoadBalancerId> keys() {
        if (!isActive()) {
            return Set.of();
        }
        facts = null;
        Map<LoadBalancerId, Standing> ledger = with.balancers().all(cluster);
        ledger.forEach((id, standing) -> remember(standing));
        Map<LoadBalancerId, LoadBalancerSpec> wanted = new HashMap<>();
        Set<LoadBalancerId> keys = new HashSet<>(ledger.keySet());
        for (Service service : watch.services()) {
            LoadBalancerId id = watch.of(service);
            keys.add(id);
            Standing standing = ledger.get(id);
            if (standing != null && standing.state().equals("active")) {
                LoadBalancerSpec spec = spec(id, service, desired(service, standing.external()));
                boolean written = standing.fingerprint().equals(Balancers.fingerprint(spec))
                        && standing.places() == spec.listeners().size();
                if (written) {
                    wanted.put(id, spec);
                }
            }
        }
        Optional<Set<LoadBalancerId>> inNetwork = audit(wanted);
        inNetwork.ifPresent(keys::addAll);
        there.addAll(keys);
        listed = inNetwork.isPresent();
        looked = true;
        if (declared.isDeleting()
                && ledger.isEmpty()
                && inNetwork.filter(Set::isEmpty).isPresent()) {
            with.balancings().forget(cluster);
        }
        return keys;
    }

    private void remember(Standing standing) {
        Known fresh = new Known(standing.fingerprint(), Set.of(), null, false, null);
        known.merge(standing.id(), fresh, (old, now) -> old.fingerprint().equals(now.fingerprint()) ? old : now);
        if (standing.external() != null) {
            addressed.add(standing.id());
        }
    }

    private Optional<Set<LoadBalancerId>> audit(Map<LoadBalancerId, LoadBalancerSpec> wanted) {
        try {
            SdnLoadBalancers.Audit audit = network().audit(wanted.values());
            wanted.forEach((id, spec) -> known.computeIfPresent(
                    id,
                    (key, old) -> audit.right().contains(id)
                            ? settled(old, spec, audit.outside().get(id))
                            : doubted(old, spec)));
            with.directory().refresh(cluster());
            return Optional.of(audit.there());
        } catch (SdnFailure e) {
            log.info("The load balancers in cluster {} are not known: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private static Known settled(Known old, LoadBalancerSpec spec, @Nullable IpAddress outside) {
        return new Known(old.fingerprint(), old.taken(), spec, true, outside);
    }

    private static Known doubted(Known old, LoadBalancerSpec spec) {
        return new Known(old.fingerprint(), old.taken(), null, spec.equals(old.settled()), null);
    }

    private Desired desired(Service service, @Nullable IpAddress external) {
        return Desired.of(service, watch.slices(service), external == null ? Set.of() : Set.of(external), facts());
    }

    private LoadBalancerSpec spec(LoadBalancerId id, Service service, Desired desired) {
        return new LoadBalancerSpec(
                id,
                service.getMetadata().getNamespace() + "/"
                        + service.getMetadata().getName(),
                desired.listeners(),
                desired.external() instanceof Desired.External(var requested) && givesOutside()
                        ? new LoadBalancerSpec.Outside(requested.orElse(null))
                        : null);
    }

    /** Whether addresses for the outside are the network's to give, and not the ledger's. */
    private boolean givesOutside() {
        return facts().abilities().givesOutside();
    }

    @Override
    public Outcome reconcile(LoadBalancerId id) {
        long since = meters.taken(id);
        if (!isActive()) {
            return Outcome.DONE;
        }
        if (!looked) {
            loop.wakeAll();
            return Outcome.DONE;
        }
        Optional<Service> service = watch.service(id);
        if (service.isEmpty() || declared.isDeleting()) {
            return missed(id);
        }
        orphans.forget(id);
        IpAddress external =
                Desired.wantsExternal(service.get(), facts()) && !givesOutside() ? external(id, service.get()) : null;
        Desired desired = desired(service.get(), external);
        if (!desired.balanced()) {
            status.address(service.get(), null, ours(id));
            return listed && !there.contains(id) ? Outcome.DONE : removed(id);
        }
        return balanced(id, service.get(), desired, external, since);
    }

    /** What in a Service's status is ours to change. */
    private List<Cidr> ours(LoadBalancerId id) {
        if (!givesOutside()) {
            return declared.spec().externalCidrs();
        }
        return addressed.contains(id)
                ? with.balancers().external(id).stream()
                        .map(address -> Cidr.around(address, address.family().bits()))
                        .toList()
                : List.of();
    }

    private Owner owner(Service service) {
        var meta = service.getMetadata();
        return new Owner(cluster, meta.getNamespace(), meta.getName(), String.valueOf(meta.getUid()));
    }

    private @Nullable IpAddress external(LoadBalancerId id, Service service) {
        Optional<IpAddress> has = with.balancers().external(id);
        IpAddress requested =
                desired(service, null).external() instanceof Desired.External(var wanted) ? wanted.orElse(null) : null;
        if (has.isPresent() && (requested == null || has.get().equals(requested))) {
            return has.get();
        }
        has.ifPresent(other -> with.balancers().release(id));
        addressed.add(id);
        return with.balancers().grant(owner(service), requested).orElse(null);
    }

    private Outcome balanced(
            LoadBalancerId id, Service service, Desired desired, @Nullable IpAddress external, long since) {
        List<Refusal> refusals = new ArrayList<>(desired.refusals());
        there.add(id);
        List<Cidr> ours = ours(id);
        if (desired.external() == null && (!listed || addressed.remove(id))) {
            with.balancers().release(id);
        } else if (desired.external() != null && external == null && !givesOutside()) {
            refusals.add(new Refusal(
                    Reason.NoExternalAddress,
                    "no external address is free, or the requested one is not the cluster's to give"));
        }
        LoadBalancerSpec wanted = spec(id, service, desired);
        Known before = known.getOrDefault(id, Known.NOTHING);
        String fingerprint = Balancers.fingerprint(wanted);
        Set<Frontend> taken = before.taken();
        if (!fingerprint.equals(before.fingerprint()) || !taken.isEmpty()) {
            taken = with.balancers().write(owner(service), wanted, fingerprint);
            before = new Known(fingerprint, taken, before.settled(), before.right(), before.outside());
            known.put(id, before);
        }
        for (Frontend place : taken) {
            refusals.add(new Refusal(
                    Reason.AddressTaken,
                    "%s:%d is another Service's already".formatted(place.address(), place.port())));
        }
        LoadBalancerSpec spec = without(wanted, taken);
        Outcome outcome = spec.equals(before.settled()) && taken.isEmpty()
                ? Outcome.DONE
                : settle(spec, fingerprint, before, refusals, since);
        IpAddress address = givesOutside() ? known.getOrDefault(id, before).outside() : external;
        if (outcome.equals(Outcome.DONE)) {
            status.address(service, address, ours);
        }
        status.refusals(id, service, refusals);
        boolean again = (address == null && desired.external() != null) || !taken.isEmpty();
        return outcome.equals(Outcome.DONE) && again ? Outcome.again(REFUSED) : outcome;
    }

    private static LoadBalancerSpec without(LoadBalancerSpec spec, Set<Frontend> taken) {
        return taken.isEmpty()
                ? spec
                : new LoadBalancerSpec(
                        spec.id(),
                        spec.name(),
                        spec.listeners().stream()
                                .filter(listener -> !taken.contains(listener.frontend()))
                                .toList(),
                        spec.outside());
    }

    private Outcome settle(
            LoadBalancerSpec spec, String fingerprint, Known before, List<Refusal> refusals, long since) {
        LoadBalancerId id = spec.id();
        return switch (batches.ensure(spec)) {
            case Settled.Done(Ensured ensured, IpAddress outside, String closed) -> {
                if (ensured != Ensured.UNCHANGED) {
                    meters.written(since, before.right() && before.settled() == null);
                }
                if (outside != null) {
                    with.balancers().given(id, cluster, outside);
                    addressed.add(id);
                } else if (closed != null) {
                    refusals.add(new Refusal(Reason.NoExternalAddress, closed));
                }
                with.balancers().stand(id, fingerprint, "active", reason(refusals));
                known.put(id, new Known(fingerprint, before.taken(), closed == null ? spec : null, true, outside));
                yield Outcome.DONE;
            }
            case Settled.Pending(String why) -> {
                with.balancers().stand(id, fingerprint, "pending", why);
                yield Outcome.again(PENDING);
            }
            case Settled.Failed(SdnFailure.Refused why) -> {
                String words = String.valueOf(why.getMessage());
                with.balancers().stand(id, fingerprint, "failed", words);
                refusals.add(new Refusal(Reason.NetworkRefused, words));
                yield Outcome.again(REFUSED);
            }
            case Settled.Failed(SdnFailure why) -> {
                with.balancers().stand(id, fingerprint, "pending", why.getMessage());
                throw why;
            }
        };
    }

    private static @Nullable String reason(List<Refusal> refusals) {
        return refusals.isEmpty()
                ? null
                : String.join(
                        "; ",
                        refusals.stream()
                                .map(refusal -> refusal.reason() + ": " + refusal.message())
                                .toList());
    }

    /** A deletion that was seen is evidence; a Service that is merely not there must be so twice. */
    private Outcome missed(LoadBalancerId id) {
        if (!declared.isDeleting()
                && !watch.sawDeletion(id)
                && orphans.again(id, Set.of(id)).isEmpty()) {
            return Outcome.again(orphans.apart());
        }
        Outcome outcome = removed(id);
        watch.forgetDeletion(id);
        orphans.forget(id);
        return outcome;
    }

    private Outcome removed(LoadBalancerId id) {
        return switch (Batches.one(network().delete(List.of(id)), id)) {
            case Settled.Done done -> {
                if (done.ensured() != Ensured.UNCHANGED) {
                    meters.deleted();
                }
                with.balancers().delete(id);
                known.remove(id);
                there.remove(id);
                addressed.remove(id);
                status.forget(id);
                yield Outcome.DONE;
            }
            case Settled.Pending(String why) -> Outcome.again(PENDING);
            case Settled.Failed(SdnFailure why) -> throw why;
        };
    }

    @Override
    public void close() {
        leadership.close();
        loop.close();
        watch.close();
        client.close();
        meters.forget(loop.name());
    }
}
