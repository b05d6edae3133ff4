package io.portolan.lb.network;

import io.portolan.lb.cluster.Cluster;
import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** One network a cluster, opened at its first use and again where the cluster's target has changed. */
@Component
public final class Networks implements AutoCloseable {
    private record Open(Cluster.Target target, SdnBackend backend) {}

    private final List<NetworkProvider> providers;
    private final Map<ClusterId, Open> open = new ConcurrentHashMap<>();

    Networks(List<NetworkProvider> providers) {
        this.providers = List.copyOf(providers);
    }

    public SdnBackend of(Cluster cluster) {
        Cluster.Target target = cluster.target();
        return open.compute(target.cluster(), (id, before) -> {
                    if (before != null && before.target().equals(target)) {
                        return before;
                    }
                    if (before != null) {
                        before.backend().close();
                    }
                    return new Open(target, provider(target).open(target));
                })
                .backend();
    }

    private NetworkProvider provider(Cluster.Target target) {
        return providers.stream()
                .filter(provider -> provider.understands(target))
                .findFirst()
                .orElseThrow(() -> new Refused(
                        Reason.NOT_SUPPORTED,
                        "this service has no load balancers for networks of mode "
                                + target.mode().name().toLowerCase(Locale.ROOT)));
    }

    public void forget(ClusterId cluster) {
        Open gone = open.remove(cluster);
        if (gone != null) {
            gone.backend().close();
        }
    }

    @Override
    public void close() {
        open.values().forEach(each -> each.backend().close());
        open.clear();
    }
}
