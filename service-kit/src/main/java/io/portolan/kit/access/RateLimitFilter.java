package io.portolan.kit.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses whom {@link RateLimits} would let wait, after it is known who asks. Probes are never refused. A token that counts is
 * never refused for what strangers do at the same address: many callers may stand behind one.
 */
final class RateLimitFilter extends OncePerRequestFilter {
    private final RateLimits limits;
    private final DenialAnswers answers;

    RateLimitFilter(RateLimits limits, DenialAnswers answers) {
        this.limits = limits;
        this.answers = answers;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return request.getRequestURI().startsWith("/actuator/health");
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Optional<Duration> wait =
                wait(request, SecurityContextHolder.getContext().getAuthentication());
        if (wait.isPresent()) {
            answers.tooMany(request, response, wait.get());
        } else {
            chain.doFilter(request, response);
        }
    }

    private Optional<Duration> wait(HttpServletRequest request, @Nullable Authentication asks) {
        return switch (asks) {
            case Caller caller
            when caller.isEverybody() ->
                isLoopback(request) ? Optional.empty() : limits.take(RateLimits.Kind.SERVICE, request.getRemoteAddr());
            case Caller caller -> limits.take(kind(caller), caller.identity());
            case null, default -> limits.take(RateLimits.Kind.STRANGER, request.getRemoteAddr());
        };
    }

    private static RateLimits.Kind kind(Caller caller) {
        if (caller.node() != null) {
            return RateLimits.Kind.NODE;
        }
        return caller.is(Role.SERVICE) ? RateLimits.Kind.SERVICE : RateLimits.Kind.PERSON;
    }

    private static boolean isLoopback(HttpServletRequest request) {
        try {
            return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
