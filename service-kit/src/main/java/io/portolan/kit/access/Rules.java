package io.portolan.kit.access;

import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Judges every call of a handler of ours by its rule, before its arguments are read. */
final class Rules implements HandlerInterceptor, SmartInitializingSingleton {
    private final ObjectProvider<RequestMappingHandlerMapping> mappings;
    private final NodeNameRepository nodes;
    private final boolean open;

    /** @param open everybody may everything; each handler must have its rule all the same */
    Rules(ObjectProvider<RequestMappingHandlerMapping> mappings, NodeNameRepository nodes, boolean open) {
        this.mappings = mappings;
        this.nodes = nodes;
        this.open = open;
    }

    static @Nullable Allowed rule(HandlerMethod handler) {
        return AnnotationUtils.findAnnotation(handler.getMethod(), Allowed.class);
    }

    private static boolean isOurs(HandlerMethod handler) {
        return handler.getBeanType().getName().startsWith("io.portolan.");
    }

    @Override
    public void afterSingletonsInstantiated() {
        mappings.stream()
                .flatMap(mapping -> mapping.getHandlerMethods().entrySet().stream())
                .forEach(entry -> check(entry.getKey(), entry.getValue()));
    }

    private static void check(RequestMappingInfo path, HandlerMethod handler) {
        if (!isOurs(handler)) {
            return;
        }
        Allowed rule = rule(handler);
        if (rule == null || rule.value().length == 0) {
            throw new AccessMisconfigured(
                    "%s (%s) does not say who may call it".formatted(handler.getShortLogMessage(), path),
                    "Put @Allowed at it.");
        }
        if (Arrays.asList(rule.value()).contains(Role.NODE)
                && !path.getPatternValues().stream().allMatch(pattern -> pattern.contains("{node}"))) {
            throw new AccessMisconfigured(
                    "%s (%s) is for nodes, and its path does not say for which one"
                            .formatted(handler.getShortLogMessage(), path),
                    "Put {node} into its path, or let no node call it.");
        }
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (open || !(handler instanceof HandlerMethod method) || !isOurs(method)) {
            return true;
        }
        Allowed rule = rule(method);
        if (rule == null || !(SecurityContextHolder.getContext().getAuthentication() instanceof Caller caller)) {
            throw new Denied.Forbidden("nobody may do that");
        }
        boolean asNode = false;
        for (Role role : rule.value()) {
            if (role == Role.NODE) {
                asNode = caller.is(role);
            } else if (caller.is(role)) {
                return true;
            }
        }
        if (!asNode) {
            throw Denied.Forbidden.without(rule.value());
        }
        onlyItsOwn(caller.node(), request);
        return true;
    }

    /**
     * An id that no node has passes: the handler has nothing there that could be another's, and its 404 tells an agent to
     * register again.
     */
    private void onlyItsOwn(Caller.@Nullable NodeIdentity caller, HttpServletRequest request) {
        if (caller == null) {
            throw new Denied.Forbidden("the token has the role node and does not say of which node and cluster");
        }
        Map<?, ?> path = Objects.requireNonNull(
                (Map<?, ?>) request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE));
        Object cluster = path.get("cluster");
        String node = String.valueOf(path.get("node"));
        boolean own = cluster == null
                ? nodes.find(id(node)).map(caller::equals).orElse(true)
                : caller.equals(new Caller.NodeIdentity(String.valueOf(cluster), node));
        if (!own) {
            throw new Denied.Forbidden("a node may act only for itself: this token is of node %s of cluster %s"
                    .formatted(caller.name(), caller.cluster()));
        }
    }

    private static NodeId id(String text) {
        try {
            return NodeId.parse(text);
        } catch (Malformed e) {
            throw new Denied.Forbidden("a node may act only for itself, and " + e.getMessage());
        }
    }
}
