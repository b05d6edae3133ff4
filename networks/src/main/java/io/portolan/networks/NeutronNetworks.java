package io.portolan.networks;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.neutron.NeutronBackends;
import io.portolan.sdn.neutron.NeutronCalls;
import io.portolan.sdn.neutron.NeutronTarget;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.scheduling.annotation.Scheduled;

/**
 * Networks in OpenStack projects. The endpoint is Keystone's URL; the secret is the directory of that name, with a {@code clouds.yaml}
 * in it, read by the backend whenever it changes and by nobody else.
 */
final class NeutronNetworks implements NetworkKind, AutoCloseable {
    private final NeutronBackends backends = new NeutronBackends();
    private final Set<NeutronCalls.Call> metered = ConcurrentHashMap.newKeySet();
    private final Path secrets;
    private final MeterRegistry meters;

    NeutronNetworks(Path secrets, MeterRegistry meters) {
        this.secrets = secrets;
        this.meters = meters;
    }

    @Override
    public String name() {
        return "neutron";
    }

    @Override
    public Mode mode() {
        return Mode.UNDERLAY;
    }

    @Override
    public boolean understands(String endpoints) {
        return endpoints.matches("(?i)https?:.*");
    }

    @Override
    public void check(String endpoints) {
        try {
            target(endpoints, "");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("this is not Keystone's URL: " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<String> cloud(String endpoints) {
        return Optional.of(target(endpoints, "").authUrl());
    }

    @Override
    public String resilience() {
        return "sdn-neutron";
    }

    private NeutronTarget target(String endpoints, String secret) {
        return new NeutronTarget(endpoints, secrets.resolve(secret));
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        String secret = target.secretRef();
        if (secret == null) {
            throw new Refused(Refused.Reason.NOT_AUTHENTICATED, "the cluster names no secret");
        }
        return backends.backend(target.cluster(), target(target.endpoints(), secret), null);
    }

    /** A kind of call has a meter from its first time on; there are some dozen kinds. */
    @Scheduled(fixedDelay = 5, timeUnit = TimeUnit.SECONDS)
    void meter() {
        NeutronCalls calls = backends.calls();
        for (NeutronCalls.Call call : calls.snapshot().keySet()) {
            if (metered.add(call)) {
                FunctionCounter.builder(
                                "portolan.neutron.calls",
                                calls,
                                c -> c.snapshot().getOrDefault(call, 0L))
                        .description("Calls to clouds by what was asked and how it ended")
                        .tags(
                                "cloud",
                                call.cloud(),
                                "method",
                                call.method(),
                                "path",
                                call.path(),
                                "outcome",
                                call.outcome())
                        .register(meters);
            }
        }
    }

    @Override
    public void close() {
        backends.close();
    }
}
