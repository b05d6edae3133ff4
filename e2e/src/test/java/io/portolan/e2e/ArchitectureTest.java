package io.portolan.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The borders of STYLE's house, over the classes and sources of every module of the build. */
class ArchitectureTest {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> SERVICES = List.of(
            "io.portolan.ipam..",
            "io.portolan.topology..",
            "io.portolan.lb..",
            "io.portolan.security..",
            "io.portolan.agent..");

    private static JavaClasses house;

    @BeforeAll
    static void readEveryModule() throws IOException {
        house = new ClassFileImporter().importPaths(modules("target/classes"));
        assertThat(house).hasSizeGreaterThan(200);
        assertThat(house.stream().map(ArchitectureTest::module).distinct())
                .as("modules that were built")
                .contains(
                        "model",
                        "ledger",
                        "ovsdb",
                        "sdn",
                        "testbed",
                        "kit",
                        "tls",
                        "ipam",
                        "topology",
                        "lb",
                        "security",
                        "agent",
                        "e2e");
    }

    private static String module(JavaClass type) {
        return type.getPackageName().split("\\.")[2];
    }

    private static List<Path> modules(String below) throws IOException {
        try (Stream<Path> children = Files.list(CHECKOUT)) {
            return children.map(module -> module.resolve(below))
                    .filter(Files::isDirectory)
                    .toList();
        }
    }

    private static List<Path> sources() throws IOException {
        List<Path> roots = modules("src/main/java");
        return roots.stream().flatMap(ArchitectureTest::javaFiles).toList();
    }

    private static Stream<Path> javaFiles(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A row of the complaints of such systems' users, each by its number. */
    @Test
    void everyLessonHasATestOfItsNumber() throws IOException {
        Pattern lesson = Pattern.compile("void lesson(\\d\\d)[A-Z]");
        Set<String> tested = new TreeSet<>();
        for (Path root : modules("src/test/java")) {
            for (Path file : javaFiles(root).toList()) {
                lesson.matcher(Files.readString(file)).results().forEach(found -> tested.add(found.group(1)));
            }
        }
        assertThat(tested)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, 25).mapToObj("%02d"::formatted).toList());
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.portolan.(**)").should().beFreeOfCycles().check(house);
    }

    @Test
    void theModelKnowsNothingButTheJdk() {
        classes()
                .that()
                .resideInAPackage("io.portolan.model..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.portolan.model..", "java..", "org.jspecify..", "com.fasterxml.jackson.annotation..")
                .check(house);
    }

    @Test
    void theSeamKnowsNoNetworkAndNoNetworkKnowsAnother() {
        noClasses()
                .that()
                .resideInAPackage("io.portolan.sdn")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.portolan.sdn.ovn..", "io.portolan.sdn.neutron..", "io.portolan.ovsdb..")
                .check(house);
        noClasses()
                .that()
                .resideInAPackage("io.portolan.sdn.ovn..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.portolan.sdn.neutron..")
                .check(house);
        noClasses()
                .that()
                .resideInAPackage("io.portolan.sdn.neutron..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.portolan.sdn.ovn..", "io.portolan.ovsdb..")
                .check(house);
    }

    @Test
    void openstack4jIsSdnNeutronsOwnAffair() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.portolan.sdn.neutron..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.openstack4j..")
                .check(house);
    }

    @Test
    void servicesMeetOverHttpOnly() {
        for (String service : SERVICES) {
            noClasses()
                    .that()
                    .resideInAPackage(service)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(SERVICES.stream()
                            .filter(other -> !other.equals(service))
                            .toArray(String[]::new))
                    .check(house);
        }
    }

    @Test
    void theNodeAgentCannotWriteTheNorthboundDatabaseOrTheLedger() {
        noClasses()
                .that()
                .resideInAPackage("io.portolan.agent..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.portolan.sdn..", "io.portolan.ledger..", "io.portolan.kit..", "java.sql..")
                .check(house);
    }

    @Test
    void onlyRepositoriesSpeakSql() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.portolan.ipam..", "io.portolan.topology..", "io.portolan.lb..", "io.portolan.security..")
                .and()
                .haveSimpleNameNotEndingWith("Repository")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.jdbc..", "org.hibernate.query..")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.sql\\.(Connection|.*Statement|ResultSet)")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("org.springframework.data.jpa.repository.Query")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("jakarta.persistence.EntityManager")
                .check(house);
    }

    @Test
    void namesAreTheFieldsOwn() {
        noClasses()
                .should()
                .haveNameMatching(".*(Impl|Utils?|Helper|Manager|DTO|Dto|Mapper|Converter)")
                .check(house);
        noClasses()
                .that()
                .areInterfaces()
                .should()
                .haveNameMatching(".*\\.I[A-Z][a-z][A-Za-z]*")
                .check(house);
    }

    @Test
    void nothingIsInjectedIntoFieldsAndNoMethodThrowsJustAnything() {
        noFields()
                .should()
                .beAnnotatedWith("org.springframework.beans.factory.annotation.Autowired")
                .check(house);
        methods()
                .that()
                .areNotPrivate()
                .should()
                .notDeclareThrowableOfType(Exception.class)
                .check(house);
    }

    @Test
    void everyPackageIsNullMarked() throws IOException {
        List<Path> unmarked = sources().stream()
                .map(Path::getParent)
                .distinct()
                .filter(directory -> !marked(directory.resolve("package-info.java")))
                .toList();
        assertThat(unmarked).isEmpty();
    }

    private static boolean marked(Path packageInfo) {
        try {
            return Files.exists(packageInfo) && Files.readString(packageInfo).contains("@NullMarked");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void noClassIsLongerThanAReaderTakes() throws IOException {
        List<String> tooLong = sources().stream()
                .filter(source -> lines(source) > 500)
                .map(source -> CHECKOUT.relativize(source) + ": " + lines(source))
                .toList();
        assertThat(tooLong).isEmpty();
    }

    private static long lines(Path source) {
        try (Stream<String> lines = Files.lines(source)) {
            return lines.count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
