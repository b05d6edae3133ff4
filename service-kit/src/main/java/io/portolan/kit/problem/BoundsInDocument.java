package io.portolan.kit.problem;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;

/** Makes the OpenAPI document say the {@link Bounds} of whatever a request has that has no narrower ones in it. */
final class BoundsInDocument implements OpenApiCustomizer {
    @Override
    public void customise(OpenAPI document) {
        Set<String> done = new HashSet<>();
        document.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .forEach(operation -> bound(operation, document, done));
    }

    private static void bound(Operation operation, OpenAPI document, Set<String> done) {
        if (operation.getParameters() != null) {
            for (Parameter parameter : operation.getParameters()) {
                bound(parameter.getSchema(), "path".equals(parameter.getIn()) ? Bounds.NAME : Bounds.PARAMETER);
            }
        }
        if (operation.getRequestBody() != null) {
            operation.getRequestBody().getContent().values().forEach(body -> bound(body.getSchema(), document, done));
        }
    }

    private static void bound(@Nullable Schema<?> schema, OpenAPI document, Set<String> done) {
        if (schema == null) {
            return;
        }
        String reference = schema.get$ref();
        if (reference != null) {
            String name = reference.substring(reference.lastIndexOf('/') + 1);
            if (done.add(name)) {
                bound(document.getComponents().getSchemas().get(name), document, done);
            }
            return;
        }
        bound(schema, Bounds.TEXT);
        if (has(schema, "array") && schema.getMaxItems() == null) {
            schema.setMaxItems(Bounds.ELEMENTS);
        }
        bound(schema.getItems(), document, done);
        if (schema.getAdditionalProperties() instanceof Schema<?> values) {
            schema.setMaxProperties(Objects.requireNonNullElse(schema.getMaxProperties(), Bounds.ELEMENTS));
            bound(values, document, done);
        }
        if (schema.getProperties() != null) {
            for (Map.Entry<?, ?> property : schema.getProperties().entrySet()) {
                bound((Schema<?>) property.getValue(), document, done);
            }
        }
    }

    private static void bound(Schema<?> schema, int most) {
        boolean isFree = schema.getFormat() == null && schema.getEnum() == null && schema.getMaxLength() == null;
        if (has(schema, "string") && isFree) {
            schema.setMaxLength(most);
        }
    }

    private static boolean has(Schema<?> schema, String type) {
        return type.equals(schema.getType())
                || (schema.getTypes() != null && schema.getTypes().contains(type));
    }
}
