package io.portolan.lb.kube;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.portolan.model.ClusterId;
import io.portolan.model.LoadBalancerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * A copy of a cluster's Services, EndpointSlices and Nodes, kept by watches. The client's informers resume a watch where it
 * broke and list anew where the server has forgotten that place; who then misses an object is told of its deletion, but not
 * that it was seen.
 */
public final class ServiceWatch implements AutoCloseable {
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";

    /** A standby deletes nothing, and so forgets nothing by itself. */
    private static final int MOST_SEEN = 65_536;

    /** Told which Service to look at. */
    public interface Listener {
        void changed(LoadBalancerId balancer);

        /** A fact that is true for all Services. */
        void everythingChanged();
    }

    private final ClusterId cluster;
    private final Listener listener;
    private final SharedIndexInformer<Service> services;
    private final SharedIndexInformer<EndpointSlice> slices;
    private final SharedIndexInformer<Node> nodes;
    private final Map<LoadBalancerId, String> names = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> listed;
    private final Set<LoadBalancerId> seenDeleted = ConcurrentHashMap.newKeySet();

    /** Starts in the background. */
    public ServiceWatch(ClusterId cluster, KubernetesClient client, Listener listener) {
        this.cluster = cluster;
        this.listener = listener;
        services = client.services().inAnyNamespace().runnableInformer(0);
        slices = client.discovery()
                .v1()
                .endpointSlices()
                .inAnyNamespace()
                .withLabel(SERVICE_NAME)
                .runnableInformer(0);
        nodes = client.nodes().runnableInformer(0);
        slices.addIndexers(Map.of(BY_SERVICE, slice -> List.of(key(slice))));
        services.addEventHandler(new ServiceHandler());
        slices.addEventHandler(new Each<EndpointSlice>(slice -> listener.changed(of(slice))));
        nodes.addEventHandler(new Each<Node>(node -> {}) {
            @Override
            public void onUpdate(Node before, Node now) {
                if (!addresses(before).equals(addresses(now))) {
                    listener.everythingChanged();
                }
            }

            @Override
            public void onAdd(Node node) {
                listener.everythingChanged();
            }

            @Override
            public void onDelete(Node node, boolean unknown) {
                listener.everythingChanged();
            }
        });
        List<CompletableFuture<Void>> lists = new ArrayList<>();
        List.of(services, slices, nodes).forEach(informer -> {
            informer.exceptionHandler((isStarted, cause) -> true);
            lists.add(informer.start().toCompletableFuture());
        });
        listed = CompletableFuture.allOf(lists.toArray(CompletableFuture<?>[]::new))
                .thenRun(listener::everythingChanged);
    }

    private static String key(EndpointSlice slice) {
        String name = Objects.requireNonNullElse(slice.getMetadata().getLabels(), Map.<String, String>of())
                .getOrDefault(SERVICE_NAME, "");
        return slice.getMetadata().getNamespace() + "/" + name;
    }

    private LoadBalancerId of(EndpointSlice slice) {
        String[] parts = key(slice).split("/", 2);
        return LoadBalancerId.of(cluster, parts[0], parts[1]);
    }

    public LoadBalancerId of(Service service) {
        return LoadBalancerId.of(
                cluster,
                service.getMetadata().getNamespace(),
                service.getMetadata().getName());
    }

    private final class ServiceHandler implements ResourceEventHandler<Service> {
        @Override
        public void onAdd(Service service) {
            LoadBalancerId id = of(service);
            names.put(
                    id,
                    service.getMetadata().getNamespace() + "/"
                            + service.getMetadata().getName());
            seenDeleted.remove(id);
            listener.changed(id);
        }

        @Override
        public void onUpdate(Service before, Service now) {
            listener.changed(of(now));
        }

        @Override
        public void onDelete(Service service, boolean deletedFinalStateUnknown) {
            LoadBalancerId id = of(service);
            names.remove(id);
            if (!deletedFinalStateUnknown) {
                if (seenDeleted.size() >= MOST_SEEN) {
                    seenDeleted.clear();
                }
                seenDeleted.add(id);
            }
            listener.changed(id);
        }
    }

    private static class Each<T extends HasMetadata> implements ResourceEventHandler<T> {
        private final Consumer<T> told;

        private Each(Consumer<T> told) {
            this.told = told;
        }

        @Override
        public void onAdd(T now) {
            told.accept(now);
        }

        @Override
        public void onUpdate(T before, T now) {
            told.accept(before);
            told.accept(now);
        }

        @Override
        public void onDelete(T gone, boolean deletedFinalStateUnknown) {
            told.accept(gone);
        }
    }

    /** Whether everything has been listed; nothing is to be concluded from the copy before. */
    public boolean isSynced() {
        return services.hasSynced() && slices.hasSynced() && nodes.hasSynced();
    }

    public boolean isWatching() {
        return services.isWatching() && slices.isWatching();
    }

    public List<Service> services() {
        return services.getStore().list();
    }

    public Optional<Service> service(LoadBalancerId id) {
        String key = names.get(id);
        return key == null
                ? Optional.empty()
                : Optional.ofNullable(services.getStore().getByKey(key));
    }

    public List<EndpointSlice> slices(Service service) {
        return slices.getIndexer()
                .byIndex(
                        BY_SERVICE,
                        service.getMetadata().getNamespace() + "/"
                                + service.getMetadata().getName());
    }

    /** Addresses by node, as the cluster knows them; those that are no IP addresses are left out. */
    public Map<String, List<String>> nodeAddresses() {
        Map<String, List<String>> all = new java.util.TreeMap<>();
        nodes.getStore().list().forEach(node -> all.put(node.getMetadata().getName(), addresses(node)));
        return all;
    }

    private static List<String> addresses(Node node) {
        List<String> all = new ArrayList<>();
        if (node.getStatus() != null && node.getStatus().getAddresses() != null) {
            node.getStatus().getAddresses().stream()
                    .filter(address -> address.getType().endsWith("IP"))
                    .forEach(address -> all.add(address.getAddress()));
        }
        return all;
    }

    /** Whether the watch was told that the Service is gone, and has not been told of another one since. */
    public boolean sawDeletion(LoadBalancerId id) {
        return seenDeleted.contains(id);
    }

    public void forgetDeletion(LoadBalancerId id) {
        seenDeleted.remove(id);
    }

    @Override
    public void close() {
        listed.cancel(false);
        List.of(services, slices, nodes).forEach(SharedIndexInformer::stop);
    }
}
