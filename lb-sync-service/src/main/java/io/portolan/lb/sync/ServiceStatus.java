package io.portolan.lb.sync;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.portolan.lb.desired.Refusal;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Malformed;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What a Service is told: its external address in its status, and what it does not get in Events. Written only where it is
 * not so already. An Event's name follows from what it says, so that two replicas do not say it twice.
 */
final class ServiceStatus {
    private static final String COMPONENT = "portolan-lb-sync";

    private final KubernetesClient client;
    private final Map<LoadBalancerId, Set<Refusal>> said = new ConcurrentHashMap<>();

    ServiceStatus(KubernetesClient client) {
        this.client = client;
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
                say(service, refusal);
                known.add(refusal);
            }
        }
    }

    void forget(LoadBalancerId id) {
        said.remove(id);
    }

    private void say(Service service, Refusal refusal) {
        var meta = service.getMetadata();
        String text = "%s %s %s".formatted(meta.getUid(), refusal.reason(), refusal.message());
        String hash = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8))
                .toString()
                .substring(0, 13);
        String name = meta.getName() + "." + hash;
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Event event = new EventBuilder()
                .withNewMetadata()
                .withNamespace(meta.getNamespace())
                .withName(name)
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion("v1")
                .withKind("Service")
                .withNamespace(meta.getNamespace())
                .withName(meta.getName())
                .withUid(meta.getUid())
                .endInvolvedObject()
                .withType("Warning")
                .withReason(refusal.reason().name())
                .withMessage(refusal.message())
                .withNewSource()
                .withComponent(COMPONENT)
                .endSource()
                .withReportingComponent(COMPONENT)
                .withFirstTimestamp(now)
                .withLastTimestamp(now)
                .withCount(1)
                .build();
        var events = client.v1().events().inNamespace(meta.getNamespace());
        try {
            events.resource(event).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            events.withName(name)
                    .edit(before -> new EventBuilder(before)
                            .withLastTimestamp(now)
                            .withCount(Objects.requireNonNullElse(before.getCount(), 1) + 1)
                            .build());
        }
    }
}
