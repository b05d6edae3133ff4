package io.portolan.kit.access;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** What the filters refuse is a problem as every other refusal is. */
final class DenialAnswers implements AuthenticationEntryPoint, AccessDeniedHandler {
    private final HandlerExceptionResolver answers;

    DenialAnswers(HandlerExceptionResolver answers) {
        this.answers = answers;
    }

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException e) {
        switch (e) {
            case TokenRefused.Unjudged unjudged ->
                answer(request, response, new Denied.Unjudged(String.valueOf(e.getMessage())));
            case TokenRefused refused -> challenge(request, response, String.valueOf(e.getMessage()));
            case OAuth2AuthenticationException malformed ->
                challenge(request, response, "the header Authorization is no Bearer token");
            default -> challenge(request, response, "a token is needed: Authorization: Bearer …");
        }
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
