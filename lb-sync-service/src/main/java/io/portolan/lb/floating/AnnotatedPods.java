package io.portolan.lb.floating;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.portolan.model.PodRef;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A copy of a cluster's annotated pods by the name of their floating address, kept by a watch. */
final class AnnotatedPods implements AutoCloseable {
    static final String ANNOTATION = "portolan.io/floating-ip";

    static final String PREFIX = "pod.";
    private static final int LONGEST = 253;
    private static final List<String> ENDED = List.of("Succeeded", "Failed");

    private final SharedIndexInformer<Pod> informer;
    private final Map<String, String> keys = new ConcurrentHashMap<>();

    /** Starts in the background. */
    AnnotatedPods(KubernetesClient client, Consumer<String> changed) {
        informer = client.pods().inAnyNamespace().runnableInformer(0);
        informer.itemStore(new Annotated());
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                if (isAnnotated(pod)) {
                    seen(pod);
                }
            }

            @Override
            public void onUpdate(Pod before, Pod now) {
                seen(now);
            }

            @Override
            public void onDelete(Pod pod, boolean finalStateUnknown) {
                seen(pod);
            }

            private void seen(Pod pod) {
                String name = name(ref(pod));
                keys.put(name, Cache.metaNamespaceKeyFunc(pod));
                changed.accept(name);
            }
        });
        informer.exceptionHandler((started, cause) -> true);
        informer.start();
    }

    /** Keeps what is annotated and forgets the rest. */
    private static final class Annotated extends BasicItemStore<Pod> {
        private Annotated() {
            super(Cache::metaNamespaceKeyFunc);
        }

        @Override
        public @Nullable Pod put(String key, Pod pod) {
            return isAnnotated(pod) ? super.put(key, pod) : super.remove(key);
        }
    }

    private static boolean isAnnotated(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations != null
                && annotations.containsKey(ANNOTATION)
                && (pod.getStatus() == null || !ENDED.contains(pod.getStatus().getPhase()));
    }

    static PodRef ref(Pod pod) {
        var meta = pod.getMetadata();
        return new PodRef(meta.getNamespace(), meta.getName(), meta.getUid());
    }

    /** What the pod's floating address is called. */
    static String name(PodRef pod) {
        String name = PREFIX + pod.namespace() + "." + pod.name();
        return name.length() <= LONGEST
                ? name
                : PREFIX + pod.namespace() + "." + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    /** Nothing is to be concluded from the copy before. */
    boolean isSynced() {
        return informer.hasSynced();
    }

    Set<String> names() {
        informer.getStore().list().forEach(pod -> keys.put(name(ref(pod)), Cache.metaNamespaceKeyFunc(pod)));
        keys.values().removeIf(key -> informer.getStore().getByKey(key) == null);
        return Set.copyOf(keys.keySet());
    }

    Optional<Pod> pod(String name) {
        String key = keys.get(name);
        return key == null
                ? Optional.empty()
                : Optional.ofNullable(informer.getStore().getByKey(key));
    }

    @Override
    public void close() {
        informer.stop();
    }
}
