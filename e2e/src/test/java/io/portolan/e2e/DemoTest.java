package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DemoTest {
    @ParameterizedTest
    @ValueSource(strings = {"overlay", "underlay"})
    void theDemoPrintsItsChecksAsJsonAndLeavesNothingBehind(String mode) throws IOException, InterruptedException {
        List<Path> before = Workspace.under(Workspace.DEFAULT_ROOT);
        Path words = Files.createTempFile("portolan-demo", ".log");
        Process demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        // That it leaves is tested here, and how fast on a machine that has nothing else to do.
                        "-Dportolan.demo.leaves-within-ms=30000",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.portolan.e2e.demo.Demo",
                        "--json",
                        "--mode",
                        mode)
                .directory(SharedStack.CHECKOUT.toFile())
                .redirectError(words.toFile())
                .start();
        String output = new String(demo.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        int status = demo.waitFor();
        List<String> failed = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (JsonNode check : JsonMapper.builder().build().readTree(output).path("checks")) {
            names.add(check.path("name").asString());
            assertThat(check.path("ms").asDouble()).isPositive();
            if (!check.path("ok").asBoolean()) {
                failed.add(check.toString());
            }
        }
        assertThat(failed).as(() -> read(words)).isEmpty();
        assertThat(status).isZero();
        assertThat(names).hasSizeGreaterThan(30).doesNotHaveDuplicates();
        assertThat(names).anyMatch(name -> name.startsWith("ping")).anyMatch(name -> name.startsWith("tcp"));
        assertThat(names).filteredOn(name -> name.startsWith("service")).hasSizeGreaterThan(4);
        assertThat(names).filteredOn(name -> name.startsWith("security")).hasSizeGreaterThan(8);
        assertThat(names).filteredOn(name -> name.startsWith("north-south")).hasSizeGreaterThan(5);
        assertThat(Workspace.under(Workspace.DEFAULT_ROOT))
                .as("what is new and nobody's")
                .noneMatch(directory -> !before.contains(directory) && !Workspace.ownerLives(directory));
        Files.delete(words);
    }

    private static String read(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return String.join("\n", lines.toList());
        } catch (IOException e) {
            return "no output";
        }
    }
}
