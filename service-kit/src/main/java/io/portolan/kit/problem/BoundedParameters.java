package io.portolan.kit.problem;

import io.portolan.model.Malformed;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/** Keeps what stands in a path, a query and a condition within {@link Bounds}, before any of it is looked at. */
final class BoundedParameters implements HandlerInterceptor {
    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE) instanceof Map<?, ?> path) {
            path.forEach((name, value) -> check(String.valueOf(name), String.valueOf(value), Bounds.NAME));
        }
        request.getParameterMap().forEach((name, values) -> {
            for (String value : values) {
                check(name, value, Bounds.PARAMETER);
            }
        });
        String condition = request.getHeader(HttpHeaders.IF_MATCH);
        if (condition != null) {
            check(HttpHeaders.IF_MATCH, condition, Bounds.PARAMETER);
        }
        return true;
    }

    private static void check(String name, String value, int most) {
        try {
            Bounds.text(value, most);
        } catch (Malformed e) {
            throw new Invalid(name, String.valueOf(e.getMessage()));
        }
    }
}
