package io.portolan.kit.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/** Whoever gets here is an administrator; the log and the health say so. */
final class OpenToAll extends OncePerRequestFilter implements HealthIndicator {
    private static final Logger log = LoggerFactory.getLogger(OpenToAll.class);
    private static final String WARNING =
            "portolan.access.open is true: whoever reaches this service may do everything, without a token";

    private final Caller everybody = Caller.everybody();

    /**
     * @param address where the service listens; null is everywhere
     * @param anywhere it may be any address
     */
    OpenToAll(@Nullable String address, boolean anywhere) {
        if (!anywhere && !isLoopback(address)) {
            throw new AccessMisconfigured(
                    "portolan.access.open is true, and the service would listen at "
                            + (address == null ? "every address" : address),
                    "Name the issuer of your tokens (docs/access.md has examples), or set server.address=127.0.0.1."
                            + " Where nobody but you reaches that address, set portolan.access.open-beyond-loopback=true.");
        }
        log.warn(WARNING);
    }

    private static boolean isLoopback(@Nullable String address) {
        try {
            return address != null && InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        SecurityContext context = SecurityContextHolder.createEmptyContext();
        context.setAuthentication(everybody);
        SecurityContextHolder.setContext(context);
        chain.doFilter(request, response);
    }

    @Override
    public Health health() {
        return Health.up().withDetail("warning", WARNING).build();
    }
}
