package io.portolan.agent.security;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import io.portolan.agent.security.ProfileChoice.Said;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is said of this node's pods, and of all namespaces, kept by watches. Of each object only what is asked about is kept.
 *
 * <p>kubelet may know of a pod before the watch does, or the watch may still have an earlier pod of that name; then the API
 * server is asked directly. A pod without an id in {@code CNI_ARGS} is taken for the one of that name.
 */
final class PodWatch implements AutoCloseable {
    /** Of a static pod kubelet names its own id, which the API server's copy bears as annotations. */
    private static final List<String> STATIC_IDS = List.of("kubernetes.io/config.hash", "kubernetes.io/config.mirror");

    private record Seen(Set<String> ids, @Nullable String annotation, Map<String, String> labels) {
        @Nullable String label() {
            return labels.get(ProfileChoice.LABEL);
        }

        boolean is(PodRef pod) {
            return pod.uid() == null || ids.contains(pod.uid());
        }
    }

    private record Name(String namespace, String name) {}

    private final KubernetesClient client;
    private final Runnable onChange;
    private final Map<Name, Seen> pods = new ConcurrentHashMap<>();
    private final Map<String, Optional<String>> namespaces = new ConcurrentHashMap<>();
    private final List<SharedIndexInformer<?>> informers;

    /**
     * Starts in the background.
     *
     * @param client stays the caller's to close
     * @param onChange told when something is said otherwise than before
     */
    PodWatch(KubernetesClient client, NodeName node, Runnable onChange) {
        this.client = client;
        this.onChange = onChange;
        SharedIndexInformer<Pod> ofPods = client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", node.value())
                .runnableInformer(0);
        ofPods.itemStore(names(Pod.class));
        ofPods.addEventHandler(handler(this::saw, pod -> pods.remove(name(pod))));
        SharedIndexInformer<Namespace> ofNamespaces = client.namespaces().runnableInformer(0);
        ofNamespaces.itemStore(names(Namespace.class));
        ofNamespaces.addEventHandler(handler(
                this::saw,
                namespace -> namespaces.remove(namespace.getMetadata().getName())));
        informers = List.of(ofPods, ofNamespaces);
        informers.forEach(informer -> {
            informer.exceptionHandler((started, cause) -> true);
            informer.start();
        });
    }

    /** The informers' own store need not remember more than which objects there are. */
    private <T extends HasMetadata> ReducedStateItemStore<T> names(Class<T> type) {
        return new ReducedStateItemStore<>(
                ReducedStateItemStore.NAME_KEY_STATE, type, client.getKubernetesSerialization());
    }

    private static <T extends HasMetadata> ResourceEventHandler<T> handler(Consumer<T> seen, Consumer<T> gone) {
        return new ResourceEventHandler<>() {
            @Override
            public void onAdd(T now) {
                seen.accept(now);
            }

            @Override
            public void onUpdate(T before, T now) {
                seen.accept(now);
            }

            @Override
            public void onDelete(T last, boolean unknown) {
                gone.accept(last);
            }
        };
    }

    private void saw(Pod pod) {
        Seen now = seen(pod);
        if (!now.equals(pods.put(name(pod), now))) {
            onChange.run();
        }
    }

    private void saw(Namespace namespace) {
        Optional<String> now = annotation(namespace);
        if (!now.equals(namespaces.put(namespace.getMetadata().getName(), now))) {
            onChange.run();
        }
    }

    private static Name name(Pod pod) {
        return new Name(pod.getMetadata().getNamespace(), pod.getMetadata().getName());
    }

    private static Seen seen(Pod pod) {
        ObjectMeta metadata = pod.getMetadata();
        Map<String, String> annotations = orNone(metadata.getAnnotations());
        Set<String> ids = Stream.concat(
                        Stream.ofNullable(metadata.getUid()),
                        STATIC_IDS.stream().map(annotations::get).filter(Objects::nonNull))
                .collect(Collectors.toUnmodifiableSet());
        return new Seen(ids, annotations.get(ProfileChoice.ANNOTATION), Map.copyOf(orNone(metadata.getLabels())));
    }

    private static Optional<String> annotation(Namespace namespace) {
        return Optional.ofNullable(
                orNone(namespace.getMetadata().getAnnotations()).get(ProfileChoice.ANNOTATION));
    }

    private static Map<String, String> orNone(@Nullable Map<String, String> some) {
        return some == null ? Map.of() : some;
    }

    /** From memory; empty when this pod, or its namespace, has not been seen. */
    Optional<Said> remembered(PodRef pod) {
        Seen seen = pods.get(new Name(pod.namespace(), pod.name()));
        Optional<String> namespace = namespaces.get(pod.namespace());
        return seen == null || namespace == null || !seen.is(pod)
                ? Optional.empty()
                : Optional.of(new Said(seen.annotation(), seen.label(), namespace.orElse(null), seen.labels()));
    }

    /**
     * From memory, else from the API server.
     *
     * @throws SecurityUnavailable when it does not answer, or does not know that pod
     */
    Said of(PodRef pod) {
        return remembered(pod).orElseGet(() -> ask(pod));
    }

    private Said ask(PodRef pod) {
        try {
            Pod found = client.pods()
                    .inNamespace(pod.namespace())
                    .withName(pod.name())
                    .get();
            if (found == null || !seen(found).is(pod)) {
                throw new SecurityUnavailable("the API server has %s pod %s/%s%s"
                        .formatted(
                                found == null ? "no" : "another",
                                pod.namespace(),
                                pod.name(),
                                pod.uid() == null ? "" : " than the one with id " + pod.uid()));
            }
            Seen seen = seen(found);
            Optional<String> namespace =
                    seen.annotation() != null || seen.label() != null ? Optional.empty() : namespace(pod.namespace());
            return new Said(seen.annotation(), seen.label(), namespace.orElse(null), seen.labels());
        } catch (KubernetesClientException e) {
            throw new SecurityUnavailable("what pod %s/%s says of its profiles is not known: the API server: %s"
                    .formatted(pod.namespace(), pod.name(), e.getMessage()));
        }
    }

    private Optional<String> namespace(String name) {
        Optional<String> known = namespaces.get(name);
        if (known != null) {
            return known;
        }
        Namespace found = client.namespaces().withName(name).get();
        if (found == null) {
            throw new SecurityUnavailable("the API server has no namespace " + name);
        }
        return annotation(found);
    }

    /** Whether both watches have listed what there is. */
    boolean isSynced() {
        return informers.stream().allMatch(SharedIndexInformer::hasSynced);
    }

    @Override
    public void close() {
        informers.forEach(SharedIndexInformer::stop);
    }
}
