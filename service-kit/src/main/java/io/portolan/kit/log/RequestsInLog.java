package io.portolan.kit.log;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/** Log lines of a request have its cluster, node and port, as its path has them. */
final class RequestsInLog implements HandlerInterceptor {
    private static final List<String> FIELDS = List.of("cluster", "node", "port");
    private static final String ABOUT = RequestsInLog.class.getName();

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE) instanceof Map<?, ?> variables) {
            Map<String, String> fields = new LinkedHashMap<>();
            FIELDS.forEach(name -> {
                if (variables.get(name) instanceof String value) {
                    fields.put(name, value);
                }
            });
            request.setAttribute(ABOUT, new About(fields));
        }
        return true;
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception failure) {
        if (request.getAttribute(ABOUT) instanceof About about) {
            about.close();
        }
    }
}
