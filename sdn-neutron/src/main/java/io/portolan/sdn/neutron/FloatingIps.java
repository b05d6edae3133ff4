package io.portolan.sdn.neutron;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec.Outside;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.Found.FloatingIp;
import io.portolan.sdn.neutron.Found.Kind;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Addresses for the outside: a floating IP on the port of a balancer's address. One that we made bears our mark, stays while
 * the balancer is made anew, and goes with it. One that was there under the requested address is somebody's: it is lent, and
 * only taken off. Whatever else leads to the balancer's port is taken off, too, because it would open a Service that is to
 * be closed.
 */
record FloatingIps(NeutronApi api, Mark mark) {
    /** @param closed why there is no address though one is wanted */
    record Given(@Nullable IpAddress address, @Nullable String closed, boolean changed) {}

    List<FloatingIp> marked(LoadBalancerId id) {
        return api.ours(Kind.FLOATING_IP, "description", List.of(mark.floating(id)));
    }

    /** Whether all is as it should be, as these say. */
    boolean right(LoadBalancerId id, @Nullable Outside outside, @Nullable String vipPort, List<FloatingIp> all) {
        List<FloatingIp> concern = all.stream()
                .filter(each -> mark.floating(id).equals(each.description())
                        || (vipPort != null && vipPort.equals(each.portId())))
                .toList();
        return outside == null ? concern.isEmpty() : concern.size() == 1 && fits(concern.getFirst(), outside, vipPort);
    }

    private static boolean fits(FloatingIp floating, Outside outside, @Nullable String vipPort) {
        return Objects.equals(floating.portId(), vipPort) && asRequested(floating, outside);
    }

    private static boolean asRequested(FloatingIp floating, Outside outside) {
        IpAddress requested = outside.requested();
        return requested == null || floating.floatingIpAddress().equals(requested.toString());
    }

    /** @param router asked for only where an address has to be made */
    Given ensure(LoadBalancerId id, String name, @Nullable Outside outside, String vipPort, Optional<String> router) {
        Map<String, FloatingIp> concern = new HashMap<>();
        marked(id).forEach(each -> concern.put(each.id(), each));
        api.list(Kind.FLOATING_IP, Query.by("port_id", vipPort)).forEach(each -> concern.put(each.id(), each));
        Optional<FloatingIp> keep = outside == null
                ? Optional.empty()
                : concern.values().stream()
                        .filter(each -> asRequested(each, outside))
                        .min(Comparator.comparingInt(each -> vipPort.equals(each.portId()) ? 0 : 1));
        boolean changed = false;
        for (FloatingIp each : concern.values()) {
            if (keep.filter(each::equals).isEmpty()) {
                takeOff(id, each);
                changed = true;
            }
        }
        if (outside == null) {
            return new Given(null, null, changed);
        }
        try {
            FloatingIp given = keep.or(() -> lent(outside, vipPort)).orElse(null);
            if (given == null) {
                given = make(id, name, outside, vipPort, router);
                changed = true;
            } else if (!vipPort.equals(given.portId())) {
                api.put(Kind.FLOATING_IP, given.id(), Body.fields("port_id", vipPort))
                        .orThrow();
                changed = true;
            }
            return new Given(IpAddress.parse(given.floatingIpAddress()), null, changed);
        } catch (Refused e) {
            return new Given(null, String.valueOf(e.getMessage()), changed);
        }
    }

    private void takeOff(LoadBalancerId id, FloatingIp floating) {
        if (mark.floating(id).equals(floating.description())) {
            gone(api.delete(Kind.FLOATING_IP, floating.id()));
        } else {
            Map<String, Object> nowhere = new HashMap<>();
            nowhere.put("port_id", null);
            gone(api.put(Kind.FLOATING_IP, floating.id(), nowhere));
        }
    }

    /** One of the project that has the requested address already. */
    private Optional<FloatingIp> lent(Outside outside, String vipPort) {
        IpAddress requested = outside.requested();
        if (requested == null) {
            return Optional.empty();
        }
        Optional<FloatingIp> found =
                api.ours(Kind.FLOATING_IP, "floating_ip_address", List.of(requested.toString())).stream()
                        .findFirst();
        found.filter(each -> each.portId() != null && !vipPort.equals(each.portId()))
                .ifPresent(each -> {
                    throw new Refused(Reason.CONFLICT, "%s leads to port %s".formatted(requested, each.portId()));
                });
        found.filter(each -> String.valueOf(each.description()).startsWith("portolan cluster="))
                .ifPresent(each -> {
                    throw new Refused(Reason.CONFLICT, requested + " is another Service's");
                });
        return found;
    }

    private FloatingIp make(LoadBalancerId id, String name, Outside outside, String vipPort, Optional<String> router) {
        String external = router.flatMap(each -> api.find(Kind.ROUTER, each))
                .flatMap(Found.Router::externalNetwork)
                .orElseThrow(() ->
                        new Refused(Reason.EXTERNAL_NETWORK_UNKNOWN, "the cluster's router has no external network"));
        Map<String, Object> fields =
                Body.fields("floating_network_id", external, "port_id", vipPort, "description", mark.floating(id));
        IpAddress requested = outside.requested();
        if (requested != null) {
            fields.put("floating_ip_address", requested.toString());
        }
        Answer answer = api.create(Kind.FLOATING_IP, fields);
        if (answer.status() == 403 && requested != null) {
            throw new Refused(
                    Reason.NOT_ALLOWED,
                    "the project has no floating IP %s for %s, and may not choose one: %s"
                            .formatted(requested, name, answer.message()));
        }
        return NeutronApi.read(Kind.FLOATING_IP, answer.orThrow());
    }

    /** Answers whether there was any. */
    boolean delete(LoadBalancerId id) {
        List<FloatingIp> all = marked(id);
        all.forEach(each -> gone(api.delete(Kind.FLOATING_IP, each.id())));
        return !all.isEmpty();
    }

    private static void gone(Answer answer) {
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
