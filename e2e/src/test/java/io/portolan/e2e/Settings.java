package io.portolan.e2e;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The settings that the code knows, by the names that they have in an environment. */
final class Settings {
    private static final String PROPERTIES = "org.springframework.boot.context.properties.ConfigurationProperties";

    /** Spring's and the JVM's own, and what a launcher or application.yaml reads. */
    private static final Set<String> OTHERS = Set.of(
            "SERVER_ADDRESS",
            "SERVER_PORT",
            "SPRING_DATASOURCE_URL",
            "SPRING_DATASOURCE_USERNAME",
            "SPRING_CONFIG_IMPORT",
            "LOGGING_STRUCTURED_FORMAT_CONSOLE",
            "SPRING_PROFILES_ACTIVE",
            "PORTOLAN_SECRETS",
            "PORTOLAN_TLS",
            "PORTOLAN_CNI_SOCKET",
            "PORTOLAN_CNI_QUEUE",
            "PORTOLAN_ACCESS_OPEN",
            "PORTOLAN_ACCESS_OPENBEYONDLOOPBACK",
            "PORTOLAN_ACCESS_TOKENFILE",
            "PORTOLAN_ACCESS_ISSUERS_ISSUER",
            "PORTOLAN_ACCESS_ISSUERS_DISCOVERY",
            "PORTOLAN_ACCESS_ISSUERS_AUDIENCE",
            "PORTOLAN_ACCESS_ISSUERS_CERTIFICATEAUTHORITY",
            "PORTOLAN_ACCESS_ISSUERS_TOKENFILE",
            "PORTOLAN_ACCESS_ISSUERS_CLUSTER",
            "PORTOLAN_ACCESS_ISSUERS_GRANTS_VALUE",
            "PORTOLAN_ACCESS_ISSUERS_GRANTS_ROLES",
            "LEDGER_URL",
            "LEDGER_USER",
            "LEDGER_PASSWORD_FILE",
            "LEDGER_LOGINS");

    private final Set<String> known = new TreeSet<>(OTHERS);

    /** Of all modules of a checkout that is built. */
    Settings(Path checkout) {
        JavaClasses house = new ClassFileImporter().importPaths(modules(checkout));
        house.stream()
                .filter(type -> type.isAnnotatedWith(PROPERTIES))
                .forEach(type -> add(
                        environment(type.getAnnotationOfType(PROPERTIES)
                                .get("prefix")
                                .orElseThrow()
                                .toString()),
                        type));
    }

    private static List<Path> modules(Path checkout) {
        try (Stream<Path> modules = Files.list(checkout)) {
            return modules.map(module -> module.resolve("target/classes"))
                    .filter(Files::isDirectory)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String prefix, JavaClass properties) {
        properties.getFields().stream()
                .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
                .forEach(field -> {
                    String name = prefix + "_" + field.getName().toUpperCase(Locale.ROOT);
                    known.add(name);
                    Stream.concat(Stream.of(field.getRawType()), field.getType().getAllInvolvedRawTypes().stream())
                            .filter(type -> type.isAssignableTo(Record.class))
                            .distinct()
                            .forEach(type -> add(name, type));
                });
    }

    private static String environment(String prefix) {
        return prefix.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
    }

    /** An element of a list is known by the list's name. */
    boolean knows(String variable) {
        return known.contains(variable.replaceAll("_[0-9]+(?=_|$)", ""));
    }

    Set<String> all() {
        return Set.copyOf(known);
    }
}
