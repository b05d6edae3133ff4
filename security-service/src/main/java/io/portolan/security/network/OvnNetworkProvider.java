package io.portolan.security.network;

import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.ovn.OvnBackends;
import io.portolan.security.cluster.Cluster;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.stereotype.Component;

/** Networks in OVN's northbound database. For {@code ssl:} the secret is the Spring SSL bundle of that name. */
@Component
final class OvnNetworkProvider implements NetworkProvider, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final OvnBackends backends = new OvnBackends(PATIENCE);
    private final SslBundles bundles;

    OvnNetworkProvider(SslBundles bundles) {
        this.bundles = bundles;
    }

    @Override
    public boolean understands(Cluster.Target target) {
        return target.mode() == Mode.OVERLAY && target.endpoints().matches("(unix|tcp|ssl):.*");
    }

    @Override
    public SdnBackend open(Cluster.Target target) {
        try {
            return backends.backend(target.cluster(), target.endpoints(), tls(target.secretRef()));
        } catch (IllegalArgumentException e) {
            throw new Refused(Reason.NOT_ALLOWED, String.valueOf(e.getMessage()));
        }
    }

    private @Nullable SSLContext tls(@Nullable String secretRef) {
        if (secretRef == null) {
            return null;
        }
        try {
            return bundles.getBundle(secretRef).createSslContext();
        } catch (NoSuchSslBundleException e) {
            throw new Refused(
                    Reason.NOT_ALLOWED,
                    "secretRef names SSL bundle '%s', which this service has not".formatted(secretRef));
        }
    }

    @Override
    public void close() {
        backends.close();
    }
}
