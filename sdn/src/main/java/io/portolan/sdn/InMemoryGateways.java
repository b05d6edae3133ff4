package io.portolan.sdn;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A gateway that is a field, and floating addresses that are a map. As strict as a real one. */
public final class InMemoryGateways implements SdnGateways, SdnFloatingIps {
    private final Runnable reached;
    private final Map<FloatingIpId, FloatingIp> floating = new TreeMap<>();
    private @Nullable GatewaySpec gateway;

    InMemoryGateways(Runnable reached) {
        this.reached = reached;
    }

    @Override
    public synchronized List<IpAddress> ensureGateway(GatewaySpec spec) {
        reached.run();
        GatewaySpec.Attachment attachment = spec.attachment();
        if (attachment == null) {
            throw new Refused(Reason.EXTERNAL_NETWORK_UNKNOWN, "this router has no way outside by itself");
        }
        gateway = spec;
        return List.of(attachment.address());
    }

    @Override
    public synchronized boolean hasGateway() {
        reached.run();
        return gateway != null;
    }

    @Override
    public synchronized void deleteGateway() {
        reached.run();
        gateway = null;
        floating.clear();
    }

    /** What was asked for last. */
    public synchronized Optional<GatewaySpec> gateway() {
        return Optional.ofNullable(gateway);
    }

    @Override
    public synchronized List<FloatingIp> ownFloatingIps() {
        reached.run();
        return List.copyOf(floating.values());
    }

    @Override
    public synchronized IpAddress ensureFloatingIp(FloatingIpSpec spec) {
        reached.run();
        if (gateway == null) {
            throw new Refused(Reason.NOT_FOUND, "the cluster has no gateway");
        }
        IpAddress address = Objects.requireNonNull(spec.address(), "nobody chooses addresses here");
        FloatingIpSpec.Target target = spec.target();
        if (target == null) {
            floating.remove(spec.id());
            return address;
        }
        for (FloatingIp other : floating.values()) {
            boolean same = other.address().equals(address) || target.address().equals(other.target());
            if (same && !other.id().equals(spec.id())) {
                throw new Refused(Reason.CONFLICT, "%s or %s is taken".formatted(address, target.address()));
            }
        }
        floating.put(spec.id(), new FloatingIp(spec.id(), address, target.address()));
        return address;
    }

    @Override
    public synchronized void deleteFloatingIp(FloatingIpId id) {
        reached.run();
        floating.remove(id);
    }
}
