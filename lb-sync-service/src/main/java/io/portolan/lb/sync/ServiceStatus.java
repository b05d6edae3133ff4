package io.portolan.lb.sync;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.portolan.kit.kube.KubernetesEvents;
import io.portolan.lb.desired.Refusal;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Malformed;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What a Service is told: its external address in its status, and what it does not get in Events. Written only where it is
 * not so already.
 */
final class ServiceStatus {
    private final KubernetesClient client;
    private final KubernetesEvents events;
    private final Map<LoadBalancerId, Set<Refusal>> said = new ConcurrentHashMap<>();

    ServiceStatus(KubernetesClient client) {
        this.client = client;
        this.events = new KubernetesEvents(client, "portolan-lb-sync");
    }

    /**
     * @param external its address; null for none
     * @param ours the blocks that we give addresses from: an ingress that somebody else wrote stays
     */
    void address(Service service, @Nullable IpAddress external, List<Cidr> ours) {
        List<LoadBalancerIngress> now = ingress(service);
        List<LoadBalancerIngress> wanted = external == null
                ? now.stream().filter(each -> !isOurs(each, ours)).toList()
                : List.of(new LoadBalancerIngressBuilder()
                        .withIp(external.toString())
                        .withIpMode("VIP")
                        .build());
        if (!wanted.equals(now)) {
            client.services()
                    .inNamespace(service.getMetadata().getNamespace())
                    .withName(service.getMetadata().getName())
                    .editStatus(current -> current.edit()
                            .editOrNewStatus()
                            .withNewLoadBalancer()
                            .withIngress(wanted)
                            .endLoadBalancer()
                            .endStatus()
                            .build());
        }
    }

    private static List<LoadBalancerIngress> ingress(Service service) {
        return service.getStatus() == null
                        || service.getStatus().getLoadBalancer() == null
                        || service.getStatus().getLoadBalancer().getIngress() == null
                ? List.of()
                : service.getStatus().getLoadBalancer().getIngress();
    }

    private static boolean isOurs(LoadBalancerIngress ingress, List<Cidr> ours) {
        try {
            IpAddress address = IpAddress.parse(Objects.requireNonNullElse(ingress.getIp(), ""));
            return ours.stream().anyMatch(block -> block.contains(address));
        } catch (Malformed e) {
            return false;
        }
    }

    /** Says each refusal once, and again where it has gone and come back. */
    void refusals(LoadBalancerId id, Service service, List<Refusal> refusals) {
        Set<Refusal> known = said.computeIfAbsent(id, key -> ConcurrentHashMap.newKeySet());
        known.retainAll(Set.copyOf(refusals));
        for (Refusal refusal : refusals) {
            if (!known.contains(refusal)) {
                events.warn(service, refusal.reason().name(), refusal.message());
                known.add(refusal);
            }
        }
    }

    void forget(LoadBalancerId id) {
        said.remove(id);
    }
}
