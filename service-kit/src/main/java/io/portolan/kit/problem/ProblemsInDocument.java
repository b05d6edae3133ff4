package io.portolan.kit.problem;

import io.portolan.kit.problem.Remedies.Remedy;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.tags.Tag;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springdoc.core.customizers.OpenApiCustomizer;

/** Makes the OpenAPI document say that refusals are problems and what to do about each, and the same every time it is written. */
final class ProblemsInDocument implements OpenApiCustomizer {
    private static final String NAME = "Problem";

    private final String service;

    /** @param service its name in docs/http.md */
    ProblemsInDocument(String service) {
        this.service = service;
    }

    @Override
    public void customise(OpenAPI document) {
        Schema<?> problem = new ObjectSchema()
                .description("RFC 9457; further members by type")
                .addProperty(
                        "type",
                        new StringSchema()
                                .description("urn:portolan:problem:…, see docs/http.md")
                                .example(Refused.TYPE + "unknown-node"))
                .addProperty("title", new StringSchema().example(Refused.title("unknown-node")))
                .addProperty("status", new IntegerSchema().example(404))
                .addProperty("detail", new StringSchema().example("the cluster has no node of that name"))
                .addProperty("instance", new StringSchema().example("/v1/clusters/main/nodes/worker-1"))
                .addProperty(
                        "field",
                        new StringSchema()
                                .description("the member of the request that is at fault")
                                .example("podCidrs[1]"));
        document.getComponents().addSchemas(NAME, problem);
        Remedies remedies = Remedies.of(service);
        document.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .forEach(operation -> refusals(document, operation, remedies));
        List<Tag> tags = document.getTags();
        if (tags != null) {
            document.setTags(
                    tags.stream().sorted(Comparator.comparing(Tag::getName)).toList());
        }
    }

    private static void refusals(OpenAPI document, Operation operation, Remedies remedies) {
        operation.getResponses().replaceAll((status, answer) -> {
            if (!status.startsWith("4") && !status.startsWith("5")) {
                return answer;
            }
            String description = Objects.requireNonNullElse(answer.getDescription(), "");
            List<String> slugs = remedies.named(description);
            answer.setDescription(described(description, slugs, remedies));
            answer.setContent(new Content().addMediaType("application/problem+json", problems(status, slugs)));
            if (!slugs.equals(List.of(description))) {
                return answer;
            }
            // A refusal that many operations have is written once.
            String name = status + "-" + description;
            document.getComponents().addResponses(name, answer);
            return new ApiResponse().$ref("#/components/responses/" + name);
        });
    }

    private static String described(String description, List<String> slugs, Remedies remedies) {
        StringBuilder words = new StringBuilder(description.equals(String.join(", ", slugs)) ? "" : description);
        for (String slug : slugs) {
            Remedy remedy = remedies.remedy(slug);
            words.append("\n- `").append(slug).append("`: ").append(remedy.when());
            if (!remedy.what().isEmpty()) {
                words.append(". **").append(remedy.what()).append("**");
            }
        }
        return words.toString().strip();
    }

    private static MediaType problems(String status, List<String> slugs) {
        MediaType problems = new MediaType().schema(new Schema<>().$ref("#/components/schemas/" + NAME));
        for (String slug : slugs) {
            Map<String, Object> problem = new LinkedHashMap<>();
            problem.put("type", Refused.TYPE + slug);
            problem.put("title", Refused.title(slug));
            problem.put("status", Integer.valueOf(status));
            problems.addExamples(slug, new Example().value(problem));
        }
        return problems;
    }
}
