package io.portolan.kit.document;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.GlobalOpenApiCustomizer;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import tools.jackson.databind.json.JsonMapper;

/** Fills in the examples that the package's description tells of. */
final class ExamplesInDocument implements GlobalOpenApiCustomizer {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String SCHEMAS = "#/components/schemas/";

    @Override
    public void customise(OpenAPI document) {
        Properties values = values();
        document.getComponents().getSchemas().forEach((name, schema) -> {
            schema.setDescription(markdown(schema.getDescription()));
            members(name, schema, values);
        });
        Resource[] bodies = bodies();
        document.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .forEach(operation -> {
                    parameters(operation, values);
                    body(operation, bodies);
                });
    }

    private static Properties values() {
        Properties values = new Properties();
        for (Resource resource : List.of(
                new ClassPathResource("values.properties", ExamplesInDocument.class),
                new ClassPathResource("examples/values.properties"))) {
            if (resource.exists()) {
                try (Reader reader = new InputStreamReader(resource.getInputStream(), StandardCharsets.UTF_8)) {
                    values.load(reader);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return values;
    }

    private static Resource[] bodies() {
        try {
            Resource[] found = new PathMatchingResourcePatternResolver().getResources("classpath*:examples/*.json");
            Arrays.sort(found, Comparator.comparing(Resource::getFilename));
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("rawtypes") // so does the library's
    private static void members(String name, Schema<?> schema, Properties values) {
        Map<String, Schema> members = Objects.requireNonNullElse(schema.getProperties(), Map.of());
        members.forEach((member, of) -> {
            of.setDescription(markdown(of.getDescription()));
            String value = values.getProperty(name + "." + member, values.getProperty(member));
            Schema<?> described = of.getItems() == null ? of : of.getItems();
            if (value != null && described.get$ref() == null) {
                described.setExample(typed(described, value));
            }
        });
    }

    /** Of Javadoc as its reader renders it, who ends {@code {@code …}} at the first brace. */
    private static @Nullable String markdown(@Nullable String javadoc) {
        return javadoc == null
                ? null
                : javadoc.replaceAll("\\s+", " ")
                        .replaceAll("<code>([^<]*\\{[^<}]*)</code>(\\S*?)\\}(?=[:.,; ]|$)", "<code>$1}$2</code>")
                        .replaceAll("</?code>", "`");
    }

    private static void parameters(Operation operation, Properties values) {
        for (Parameter parameter : Objects.requireNonNullElse(operation.getParameters(), List.<Parameter>of())) {
            String value = values.getProperty("?" + parameter.getName(), values.getProperty(parameter.getName()));
            if (value != null && parameter.getExample() == null && parameter.getRequired()) {
                parameter.setExample(typed(parameter.getSchema(), value));
            }
        }
    }

    private static Object typed(Schema<?> schema, String value) {
        return isOf(schema, "integer") ? Long.valueOf(value) : isOf(schema, "number") ? Double.valueOf(value) : value;
    }

    private static boolean isOf(Schema<?> schema, String type) {
        return type.equals(schema.getType())
                || (schema.getTypes() != null && schema.getTypes().contains(type));
    }

    private static void body(Operation operation, Resource[] bodies) {
        if (operation.getRequestBody() == null) {
            return;
        }
        for (MediaType type : operation.getRequestBody().getContent().values()) {
            @Nullable String schema = type.getSchema().get$ref();
            for (Resource body : bodies) {
                String file = Objects.requireNonNull(body.getFilename());
                String[] parts = file.split("\\.", -1);
                if (schema != null && schema.equals(SCHEMAS + parts[0])) {
                    type.addExamples(parts[1], new Example().value(json(body)));
                }
            }
        }
    }

    private static Object json(Resource body) {
        try (InputStream text = body.getInputStream()) {
            return JSON.readValue(text, Object.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
