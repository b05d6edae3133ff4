package io.portolan.lb.floating;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.portolan.kit.kube.KubernetesEvents;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.lb.floating.TopologyClient.Claim;
import io.portolan.lb.floating.TopologyClient.Refused;
import io.portolan.lb.floating.TopologyClient.View;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.model.PodRef;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Declares one cluster's annotated pods' floating addresses. Its keys are the addresses' names. */
public final class PodFloatingIps implements Reconciler<String>, AutoCloseable {
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final Duration SETTLING = Duration.ofSeconds(1);
    private static final String ANY = "auto";

    /** Reasons of Events. */
    private static final String ASSIGNED = "FloatingIpAssigned";

    private static final String NOT_ASSIGNED = "FloatingIpRefused";

    private final ClusterName cluster;
    private final TopologyClient topology;
    private final BooleanSupplier active;
    private final KubernetesEvents events;
    private final TwoLooks orphans;
    private final Map<String, String> told = new ConcurrentHashMap<>();
    private final ReconcileLoop<String> loop;
    private final AnnotatedPods pods;
    private volatile boolean looked;

    PodFloatingIps(
            ClusterName cluster,
            TopologyClient topology,
            KubernetesClient client,
            BooleanSupplier active,
            TwoLooks orphans,
            java.util.function.Function<Reconciler<String>, ReconcileLoop<String>> loops) {
        this.cluster = cluster;
        this.topology = topology;
        this.active = active;
        this.orphans = orphans;
        this.events = new KubernetesEvents(client, "portolan-lb-sync");
        this.loop = loops.apply(this);
        this.pods = new AnnotatedPods(client, loop::wake);
        loop.start();
    }

    private boolean isActive() {
        return active.getAsBoolean() && pods.isSynced();
    }

    /** Who became the active one has not looked at all of them yet. */
    public void catchUp() {
        if (!isActive()) {
            looked = false;
        } else if (!looked) {
            loop.wakeAll();
        }
    }

    public Optional<String> stuck() {
        return loop.stuck();
    }

    @Override
    public Set<String> keys() {
        if (!isActive()) {
            return Set.of();
        }
        Set<String> keys = new HashSet<>(pods.names());
        keys.addAll(topology.names(cluster, AnnotatedPods.PREFIX));
        looked = true;
        return keys;
    }

    @Override
    public Outcome reconcile(String name) {
        if (!isActive()) {
            return Outcome.DONE;
        }
        Optional<Pod> pod = pods.pod(name);
        if (pod.isEmpty()) {
            return given(name);
        }
        orphans.forget(name);
        try {
            return wanted(name, pod.get());
        } catch (Malformed e) {
            refuse(name, pod.get(), "%s: %s".formatted(AnnotatedPods.ANNOTATION, e.getMessage()));
            return Outcome.waiting("the annotation is malformed");
        } catch (Refused e) {
            refuse(name, pod.get(), e.problem().detail());
            return Outcome.again(REFUSED);
        }
    }

    private Outcome wanted(String name, Pod pod) {
        IpAddress address = address(pod);
        if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
            refuse(name, pod, "the pod is on its host's network and has no port");
            return Outcome.waiting("the pod is on its host's network");
        }
        PodRef ref = AnnotatedPods.ref(pod);
        TopologyClient.Pod target = new TopologyClient.Pod(ref.namespace(), ref.name());
        View view = topology.find(cluster, name).orElse(null);
        if (view != null && view.state().equals("deleting")) {
            return Outcome.again(SETTLING);
        }
        if (view != null && address != null && view.address() != null && !address.equals(view.address())) {
            topology.delete(cluster, name);
            return Outcome.again(SETTLING);
        }
        if (view == null || !target.equals(view.pod())) {
            view = topology.declare(cluster, name, new Claim(address, target));
        }
        return tell(name, pod, view);
    }

    /** Null for any. */
    private static @Nullable IpAddress address(Pod pod) {
        String wish = Objects.requireNonNullElse(
                        pod.getMetadata().getAnnotations().get(AnnotatedPods.ANNOTATION), "")
                .strip();
        return wish.equals(ANY) ? null : IpAddress.parse(wish);
    }

    private Outcome tell(String name, Pod pod, View view) {
        if (view.state().equals("failed")) {
            refuse(name, pod, Objects.requireNonNullElse(view.stateReason(), "the network refuses it"));
            return Outcome.again(REFUSED);
        }
        IpAddress address = view.address();
        if (!view.state().equals("active") || address == null) {
            return Outcome.again(SETTLING);
        }
        say(name, pod, address.toString(), () -> events.tell(pod, ASSIGNED, "reached from outside at " + address));
        return Outcome.DONE;
    }

    private void refuse(String name, Pod pod, String why) {
        say(name, pod, why, () -> events.warn(pod, NOT_ASSIGNED, why));
    }

    /** Says a thing of a pod once, until it says another. */
    private void say(String name, Pod pod, String what, Runnable event) {
        String saying = pod.getMetadata().getUid() + " " + what;
        if (!saying.equals(told.get(name))) {
            event.run();
            told.put(name, saying);
        }
    }

    /** It is given back when no pod wanted it at two looks: a StatefulSet's pod is made anew under its name. */
    private Outcome given(String name) {
        told.remove(name);
        if (topology.find(cluster, name).isEmpty()) {
            orphans.forget(name);
            return Outcome.DONE;
        }
        if (orphans.again(name, Set.of(name)).isEmpty()) {
            return Outcome.again(orphans.apart());
        }
        topology.delete(cluster, name);
        orphans.forget(name);
        return Outcome.DONE;
    }

    @Override
    public void close() {
        loop.close();
        pods.close();
    }
}
