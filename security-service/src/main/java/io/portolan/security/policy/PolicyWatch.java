package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.portolan.kit.kube.KubernetesEvents;
import io.portolan.security.network.Trouble;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A copy of a cluster's policies, pods and namespaces, and the way to say something about a policy. */
final class PolicyWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PolicyWatch.class);
    private static final String COMPONENT = "portolan-security";
    private static final Duration PROBES = Duration.ofSeconds(1);
    private static final int PATIENCE_MILLIS = 5_000;
    private static final ListOptions ONE =
            new ListOptionsBuilder().withLimit(1L).build();

    private final KubernetesClient client;
    private final KubernetesEvents events;
    private final Runnable onChange;
    private final SharedIndexInformer<NetworkPolicy> policies;
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<Namespace> namespaces;
    private final Map<Topic, String> told = new ConcurrentHashMap<>();
    private final KubernetesClient probe;
    private volatile @Nullable Trouble trouble;
    private long nextProbe = System.nanoTime();

    /** What something is said of. */
    private record Topic(String uid, String reason) {}

    /**
     * Starts in the background.
     *
     * @param client closed with this
     * @param onChange told when something is otherwise that policies look at
     */
    PolicyWatch(KubernetesClient client, Runnable onChange) {
        this.client = client;
        this.onChange = onChange;
        events = new KubernetesEvents(client, COMPONENT);
        probe = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(client.getConfiguration())
                        .withRequestRetryBackoffLimit(0)
                        .withRequestTimeout(PATIENCE_MILLIS)
                        .withConnectionTimeout(PATIENCE_MILLIS)
                        .build())
                .build();
        policies = client.network().v1().networkPolicies().inAnyNamespace().runnableInformer(0);
        pods = client.pods().inAnyNamespace().runnableInformer(0);
        namespaces = client.namespaces().runnableInformer(0);
        policies.addEventHandler(handler(policy -> Optional.of(policy.getSpec())));
        pods.addEventHandler(handler(PodFacts::of));
        namespaces.addEventHandler(handler(
                namespace -> Optional.of(PodFacts.orNone(namespace.getMetadata().getLabels()))));
        List.of(policies, pods, namespaces).forEach(informer -> {
            informer.exceptionHandler((isStarted, cause) -> {
                trouble = words(cause);
                onChange.run();
                return true;
            });
            informer.start();
        });
    }

    private <T extends HasMetadata> ResourceEventHandler<T> handler(Function<T, Optional<?>> seen) {
        return new ResourceEventHandler<>() {
            @Override
            public void onAdd(T now) {
                if (seen.apply(now).isPresent()) {
                    onChange.run();
                }
            }

            @Override
            public void onUpdate(T before, T now) {
                if (!seen.apply(before).equals(seen.apply(now))) {
                    onChange.run();
                }
            }

            @Override
            public void onDelete(T last, boolean unknown) {
                onChange.run();
            }
        };
    }

    private static Trouble words(Throwable cause) {
        boolean refused = cause instanceof KubernetesClientException answer
                && (answer.getCode() == 401 || answer.getCode() == 403);
        String detail = String.valueOf(cause.getMessage());
        return refused
                ? new Trouble("credentials-refused", "the API server refuses: " + detail)
                : new Trouble("kubernetes-unavailable", "the API server cannot be watched: " + detail);
    }

    /**
     * Why the copy does not follow the cluster; empty while it does, as far as anybody can tell. A watch whose server went tries to
     * come back and says nothing, so that somebody has to ask.
     */
    synchronized Optional<Trouble> trouble() {
        boolean answers = true;
        if (System.nanoTime() - nextProbe >= 0) {
            try {
                probe.network().v1().networkPolicies().inAnyNamespace().list(ONE);
            } catch (KubernetesClientException e) {
                trouble = words(e);
                answers = false;
            }
            nextProbe = System.nanoTime() + PROBES.toNanos();
            if (answers && Stream.of(policies, pods, namespaces).allMatch(SharedIndexInformer::isWatching)) {
                trouble = null;
            }
        }
        return Optional.ofNullable(trouble);
    }

    /** Whether everything has been listed; nothing is to be concluded from the copy before. */
    boolean isSynced() {
        return policies.hasSynced() && pods.hasSynced() && namespaces.hasSynced();
    }

    List<NetworkPolicy> policies() {
        return policies.getStore().list();
    }

    Facts facts() {
        return new Facts(
                pods.getStore().list().stream()
                        .flatMap(pod -> PodFacts.of(pod).stream())
                        .toList(),
                namespaces.getStore().list().stream()
                        .collect(Collectors.toMap(
                                namespace -> namespace.getMetadata().getName(),
                                namespace ->
                                        PodFacts.orNone(namespace.getMetadata().getLabels()))));
    }

    /** Says it unless it was what was said last of that policy for that reason. */
    void tell(NetworkPolicy about, String reason, String message) {
        Topic topic = new Topic(about.getMetadata().getUid(), reason);
        if (message.equals(told.get(topic))) {
            return;
        }
        try {
            events.warn(about, reason, message);
            told.put(topic, message);
        } catch (KubernetesClientException e) {
            log.warn("Policy {}: {} could not be said: {}", about.getMetadata().getName(), reason, e.getMessage());
        }
    }

    /** There is nothing to be said of any other. */
    void keep(Set<String> uids) {
        told.keySet().removeIf(topic -> !uids.contains(topic.uid()));
    }

    @Override
    public void close() {
        List.of(policies, pods, namespaces).forEach(SharedIndexInformer::stop);
        probe.close();
        client.close();
    }
}
