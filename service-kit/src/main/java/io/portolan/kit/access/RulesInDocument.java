package io.portolan.kit.access;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.springdoc.core.customizers.GlobalOpenApiCustomizer;
import org.springdoc.core.customizers.GlobalOperationCustomizer;
import org.springframework.web.method.HandlerMethod;

/** Makes the OpenAPI document say who may call what, for readers and, as {@code x-roles}, for programs. */
final class RulesInDocument implements GlobalOperationCustomizer, GlobalOpenApiCustomizer {
    static final String ROLES = "x-roles";
    private static final String SCHEME = "bearer";

    @Override
    public Operation customize(Operation operation, HandlerMethod handler) {
        Allowed rule = Rules.rule(handler);
        if (rule == null) {
            return operation;
        }
        List<Role> roles = Arrays.asList(rule.value());
        String words = "For the role " + Denied.names(rule.value())
                + (roles.contains(Role.NODE) ? ", which may only ask for its own node." : ".");
        String said = Objects.requireNonNullElse(operation.getDescription(), "");
        operation.setDescription(said.isEmpty() ? words : said + " " + words);
        operation.addExtension(ROLES, roles.stream().map(Role::toString).toList());
        operation.addSecurityItem(new SecurityRequirement().addList(SCHEME));
        operation.getResponses().putIfAbsent("401", new ApiResponse().description("unauthenticated"));
        operation.getResponses().putIfAbsent("403", new ApiResponse().description("forbidden"));
        operation.getResponses().putIfAbsent("429", new ApiResponse().description("too-many-requests"));
        return operation;
    }

    @Override
    public void customise(OpenAPI document) {
        if (document.getComponents() == null) {
            document.setComponents(new Components());
        }
        document.getComponents()
                .addSecuritySchemes(
                        SCHEME,
                        new SecurityScheme()
                                .type(SecurityScheme.Type.HTTP)
                                .scheme("bearer")
                                .bearerFormat("JWT")
                                .description("A token of an issuer that the service trusts, see docs/access.md"));
    }
}
