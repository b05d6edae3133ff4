package io.portolan.agent.demand;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.control.ComingPods;
import io.portolan.model.NodeName;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The node's pods that want a port, by a watch. Not those in the node's own network, and not those that have ended or are
 * being deleted: kubelet starts no sandbox for them. Pods are told apart by their names, since a static pod has other ids here
 * than for kubelet.
 */
public final class ScheduledPods implements ComingPods, AutoCloseable {
    private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

    private record Name(String namespace, String name) {}

    private final PortCache cache;
    private final KubernetesClient client;
    private final Set<Name> wanting = ConcurrentHashMap.newKeySet();
    private final SharedIndexInformer<Pod> informer;
    private volatile Runnable onChange = () -> {};

    /**
     * Starts in the background.
     *
     * @param client is closed with this
     */
    public ScheduledPods(KubernetesClient client, NodeName node, PortCache cache) {
        this.cache = cache;
        this.client = client;
        informer = client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", node.value())
                .runnableInformer(0);
        informer.itemStore(new ReducedStateItemStore<>(
                ReducedStateItemStore.NAME_KEY_STATE, Pod.class, client.getKubernetesSerialization()));
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod now) {
                saw(now);
            }

            @Override
            public void onUpdate(Pod before, Pod now) {
                saw(now);
            }

            @Override
            public void onDelete(Pod last, boolean unknown) {
                wanting.remove(name(last));
            }
        });
        informer.exceptionHandler((started, cause) -> true);
        informer.start();
    }

    /** Who is to be told of a pod that wants a port. */
    public void tell(Runnable whom) {
        onChange = whom;
    }

    private void saw(Pod pod) {
        if (!wantsAPort(pod)) {
            wanting.remove(name(pod));
        } else if (wanting.add(name(pod))) {
            onChange.run();
        }
    }

    private static boolean wantsAPort(Pod pod) {
        boolean hostsOwn =
                pod.getSpec() != null && Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
        boolean ended = pod.getStatus() != null
                && pod.getStatus().getPhase() != null
                && ENDED.contains(pod.getStatus().getPhase());
        return !hostsOwn && !ended && pod.getMetadata().getDeletionTimestamp() == null;
    }

    private static Name name(Pod pod) {
        return new Name(pod.getMetadata().getNamespace(), pod.getMetadata().getName());
    }

    @Override
    public int count() {
        Set<Name> served = cache.attachments().stream()
                .flatMap(attachment -> Stream.ofNullable(attachment.pod()))
                .map(pod -> new Name(pod.namespace(), pod.name()))
                .collect(Collectors.toSet());
        return (int) wanting.stream().filter(pod -> !served.contains(pod)).count();
    }

    @Override
    public void close() {
        informer.stop();
        client.close();
    }
}
