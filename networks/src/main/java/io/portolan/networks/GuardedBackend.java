package io.portolan.networks;

import io.portolan.sdn.AsksNobody;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.SdnDirectory;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnTopology;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A backend whose every call is guarded, the opening of it included; {@link AsksNobody} marks those that need no guard. A
 * network that says when it may be asked again is not asked before.
 *
 * <p>Facets are proxies, so that what a facet learns to do is guarded without anybody's remembering it here.
 */
final class GuardedBackend implements SdnBackend {
    private final Supplier<SdnBackend> opener;
    private final Guard guard;
    private final SdnTopology topology = facet(SdnTopology.class, SdnBackend::topology);
    private final SdnPorts ports = facet(SdnPorts.class, SdnBackend::ports);
    private final SdnLoadBalancers loadBalancers = facet(SdnLoadBalancers.class, SdnBackend::loadBalancers);
    private final SdnDirectory directory = facet(SdnDirectory.class, SdnBackend::directory);
    private final SdnGateways gateways = facet(SdnGateways.class, SdnBackend::gateways);
    private final SdnFloatingIps floatingIps = facet(SdnFloatingIps.class, SdnBackend::floatingIps);
    private final SdnBindings bindings = facet(SdnBindings.class, SdnBackend::bindings);
    private final SdnSecurity security = facet(SdnSecurity.class, SdnBackend::security);
    private @Nullable SdnBackend opened;
    private boolean closed;
    private volatile Instant notBefore = Instant.MIN;

    GuardedBackend(Supplier<SdnBackend> opener, Guard guard) {
        this.opener = opener;
        this.guard = guard;
    }

    private void refuseBefore() {
        Instant until = notBefore;
        Instant now = Instant.now();
        if (now.isBefore(until)) {
            Duration left = Duration.between(now, until);
            throw new Unavailable(
                    "the network asked to be left alone for %d s more".formatted(Math.max(1, left.toSeconds())), left);
        }
    }

    private synchronized SdnBackend opened() {
        SdnBackend now = opened;
        if (closed) {
            throw new Unavailable("this connection was closed");
        }
        if (now == null) {
            now = opener.get();
            opened = now;
        }
        return now;
    }

    private <T> T ask(Function<SdnBackend, T> question) {
        refuseBefore();
        try {
            return guard.call(() -> question.apply(opened()));
        } catch (Unavailable e) {
            e.retryAfter().ifPresent(wait -> notBefore = Instant.now().plus(wait));
            throw e;
        }
    }

    private <F> F facet(Class<F> type, Function<SdnBackend, F> of) {
        Object proxy =
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    if (method.getDeclaringClass() == Object.class) {
                        return itself(self, method, arguments);
                    }
                    Function<SdnBackend, Optional<Object>> call =
                            sdn -> Optional.ofNullable(call(of.apply(sdn), method, arguments));
                    boolean answersItself = method.isAnnotationPresent(AsksNobody.class);
                    return (answersItself ? call.apply(opened()) : ask(call)).orElse(null);
                });
        return type.cast(proxy);
    }

    @SuppressWarnings("ReferenceEquality") // a proxy is itself and nothing else
    private Object itself(Object self, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "equals" -> arguments != null && self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            default -> "a facet of " + guard.name();
        };
    }

    private static @Nullable Object call(Object facet, Method method, Object @Nullable [] arguments) {
        try {
            return method.invoke(facet, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(method + " throws what it does not declare", e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(method + " is not a facet's", e);
        }
    }

    @Override
    public SdnTopology topology() {
        return topology;
    }

    @Override
    public SdnPorts ports() {
        return ports;
    }

    @Override
    public SdnLoadBalancers loadBalancers() {
        return loadBalancers;
    }

    @Override
    public SdnDirectory directory() {
        return directory;
    }

    @Override
    public SdnGateways gateways() {
        return gateways;
    }

    @Override
    public SdnFloatingIps floatingIps() {
        return floatingIps;
    }

    @Override
    public SdnBindings bindings() {
        return bindings;
    }

    @Override
    public SdnSecurity security() {
        return security;
    }

    @Override
    public Optional<PortSpec.Nesting.Way> nesting() {
        return ask(SdnBackend::nesting);
    }

    @Override
    public void check() {
        ask(sdn -> {
            sdn.check();
            return true;
        });
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }
}
