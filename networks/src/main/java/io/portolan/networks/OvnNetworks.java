package io.portolan.networks;

import io.portolan.model.Mode;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.ovn.OvnBackends;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;

/** Networks in OVN's northbound database. For {@code ssl:} the secret is the Spring SSL bundle of that name. */
final class OvnNetworks implements NetworkKind, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final OvnBackends backends = new OvnBackends(PATIENCE);
    private final SslBundles bundles;

    OvnNetworks(SslBundles bundles) {
        this.bundles = bundles;
    }

    @Override
    public String name() {
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
            throw new IllegalArgumentException("'%s': %s".formatted(endpoints, e.getMessage()), e);
        }
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        try {
            return backends.backend(target.cluster(), target.endpoints(), target.southbound(), tls(target.secretRef()));
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
