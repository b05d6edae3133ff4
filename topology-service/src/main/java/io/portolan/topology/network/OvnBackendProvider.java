package io.portolan.topology.network;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Mode;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.ovn.OvnBackends;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.stereotype.Component;

/** Networks in OVN's northbound database. For {@code ssl:} the secret is the Spring SSL bundle of that name. */
@Component
final class OvnBackendProvider implements SdnBackendProvider, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final OvnBackends backends = new OvnBackends(PATIENCE);
    private final SslBundles bundles;

    OvnBackendProvider(SslBundles bundles) {
        this.bundles = bundles;
    }

    @Override
    public String kind() {
        return "ovn";
    }

    @Override
    public Mode mode() {
        return Mode.OVERLAY;
    }

    @Override
    public boolean understands(String endpoints) {
        return endpoints.matches("(unix|tcp|ssl):.*");
    }

    @Override
    public void check(String endpoints) {
        try {
            OvsdbEndpoint.parseList(endpoints);
        } catch (IllegalArgumentException e) {
            throw new Invalid("backend.endpoints", "'%s': %s".formatted(endpoints, e.getMessage()));
        }
    }

    @Override
    public SdnBackend open(BackendTarget target) {
        try {
            return backends.backend(target.cluster(), target.endpoints(), tls(target.secretRef()));
        } catch (IllegalArgumentException e) {
            throw new SdnFailure.Refused(SdnFailure.Refused.Reason.NOT_ALLOWED, String.valueOf(e.getMessage()));
        }
    }

    private @Nullable SSLContext tls(@Nullable String secretRef) {
        if (secretRef == null) {
            return null;
        }
        try {
            return bundles.getBundle(secretRef).createSslContext();
        } catch (NoSuchSslBundleException e) {
            throw new SdnFailure.Refused(
                    SdnFailure.Refused.Reason.NOT_ALLOWED,
                    "secretRef names SSL bundle '%s', which this service has not".formatted(secretRef));
        }
    }

    @Override
    public void close() {
        backends.close();
    }
}
