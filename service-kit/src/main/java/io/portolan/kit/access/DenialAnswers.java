package io.portolan.kit.access;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** What the filters refuse is a problem as every other refusal is. */
final class DenialAnswers implements AuthenticationEntryPoint, AccessDeniedHandler, RequestRejectedHandler {
    private final HandlerExceptionResolver answers;
    private final RateLimits limits;

    DenialAnswers(HandlerExceptionResolver answers, RateLimits limits) {
        this.answers = answers;
        this.limits = limits;
    }

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException e) {
        switch (e) {
            case TokenRefused.Unjudged unjudged ->
                answer(request, response, new Denied.Unjudged(String.valueOf(e.getMessage())));
            case TokenRefused refused -> stranger(request, response, String.valueOf(e.getMessage()));
            case OAuth2AuthenticationException malformed ->
                stranger(request, response, "the header Authorization is no Bearer token");
            default -> challenge(request, response, "a token is needed: Authorization: Bearer …");
        }
    }

    /** With a token that does not count; who has none is counted by {@link RateLimitFilter}. */
    private void stranger(HttpServletRequest request, HttpServletResponse response, String detail) {
        limits.take(RateLimits.Kind.STRANGER, request.getRemoteAddr())
                .ifPresentOrElse(wait -> tooMany(request, response, wait), () -> challenge(request, response, detail));
    }

    void tooMany(HttpServletRequest request, HttpServletResponse response, Duration wait) {
        answer(request, response, new Denied.TooMany(wait));
    }

    /** What the firewall keeps out, such as a path that may mean something else to somebody else. */
    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, RequestRejectedException e) {
        answers.resolveException(request, response, null, e);
    }

    private void challenge(HttpServletRequest request, HttpServletResponse response, String detail) {
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
        answer(request, response, new Denied.Unauthenticated(detail));
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException e) {
        answer(
                request,
                response,
                request.getRequestURI().startsWith("/actuator/")
                        ? Denied.Forbidden.without(Role.VIEWER)
                        : new Denied.Forbidden("there is nothing here for anybody"));
    }

    private void answer(HttpServletRequest request, HttpServletResponse response, Denied denied) {
        answers.resolveException(request, response, null, denied);
    }
}
