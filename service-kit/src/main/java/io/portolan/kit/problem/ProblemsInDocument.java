package io.portolan.kit.problem;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.tags.Tag;
import java.util.Comparator;
import java.util.List;
import org.springdoc.core.customizers.OpenApiCustomizer;

/** Makes the OpenAPI document say that refusals are problems, and the same every time it is written. */
final class ProblemsInDocument implements OpenApiCustomizer {
    private static final String NAME = "Problem";

    @Override
    public void customise(OpenAPI document) {
        Schema<?> problem = new ObjectSchema()
                .description("RFC 9457; further members by type")
                .addProperty("type", new StringSchema().description("urn:portolan:problem:…, see docs/http.md"))
                .addProperty("title", new StringSchema())
                .addProperty("status", new IntegerSchema())
                .addProperty("detail", new StringSchema())
                .addProperty("instance", new StringSchema())
                .addProperty("field", new StringSchema().description("the member of the request that is at fault"));
        document.getComponents().addSchemas(NAME, problem);
        document.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .forEach(ProblemsInDocument::refusals);
        List<Tag> tags = document.getTags();
        if (tags != null) {
            document.setTags(
                    tags.stream().sorted(Comparator.comparing(Tag::getName)).toList());
        }
    }

    private static void refusals(Operation operation) {
        operation.getResponses().forEach((status, answer) -> {
            if (status.startsWith("4") || status.startsWith("5")) {
                answer.setContent(new Content()
                        .addMediaType(
                                "application/problem+json",
                                new MediaType().schema(new Schema<>().$ref("#/components/schemas/" + NAME))));
            }
        });
    }
}
