package io.portolan.networks;

import io.portolan.model.Mode;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.ovn.OvnBackends;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;

/** Networks in OVN's northbound database. For {@code ssl:} the secret is the Spring SSL bundle of that name. */
final class OvnNetworks implements NetworkKind, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final OvnBackends backends = new OvnBackends(PATIENCE);
    private final SslBundles bundles;
    private final Map<String, Supplier<SSLContext>> contexts = new ConcurrentHashMap<>();

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

    private @Nullable Supplier<SSLContext> tls(@Nullable String secretRef) {
        if (secretRef == null) {
            return null;
        }
        try {
            return contexts.computeIfAbsent(secretRef, this::renewed);
        } catch (NoSuchSslBundleException e) {
            throw new Refused(
                    Reason.NOT_ALLOWED,
                    "secretRef names SSL bundle '%s', which this service has not".formatted(secretRef));
        }
    }

    /** As the bundle is when it is asked; one that cannot be used leaves that of before. */
    private Supplier<SSLContext> renewed(String bundle) {
        AtomicReference<SSLContext> context =
                new AtomicReference<>(bundles.getBundle(bundle).createSslContext());
        bundles.addBundleUpdateHandler(bundle, renewed -> context.set(renewed.createSslContext()));
        return context::get;
    }

    @Override
    public void close() {
        backends.close();
    }
}
