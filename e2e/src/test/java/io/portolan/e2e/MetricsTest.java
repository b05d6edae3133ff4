package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** docs/metrics.md has what the code counts, and alerts and dashboard ask for what is there. */
class MetricsTest {
    private static final Path MONITORING = SharedStack.CHECKOUT.resolve("k8s/components/monitoring");
    private static final Pattern MADE = Pattern.compile(
            "\\b(Counter|FunctionCounter|Timer|TimeGauge|Gauge|MultiGauge)\\s*\\.builder\\(\\s*\"(portolan\\.[a-z.]+[a-z])\"");
    private static final Pattern COUNTED = Pattern.compile("meters\\.(counter)\\(\\s*\"(portolan\\.[a-z.]+)\"");
    /** The helper by which a loop of the service-kit has its gauges. */
    private static final Pattern OF_LOOP = Pattern.compile("\\b(gauge)\\(\\s*meters,\\s*\"([a-z.]+)\"");

    private static final Pattern ASKED = Pattern.compile("\\bportolan_[a-z_]+");

    private static Set<String> inCode() {
        return sources()
                .flatMap(source -> Stream.of(
                                MADE.matcher(source).results(),
                                COUNTED.matcher(source).results(),
                                OF_LOOP.matcher(source).results())
                        .flatMap(found -> found))
                .map(MetricsTest::served)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** As Prometheus' conventions have it. */
    private static String served(MatchResult found) {
        String name = (found.group(1).equals("gauge") ? "portolan.loop." : "") + found.group(2);
        String suffix = switch (found.group(1)) {
            case "Counter", "FunctionCounter", "counter" -> "_total";
            case "Timer", "TimeGauge" -> "_seconds";
            default -> "";
        };
        return name.replace('.', '_') + suffix;
    }

    private static Stream<String> sources() {
        try (Stream<Path> modules = Files.list(SharedStack.CHECKOUT)) {
            return modules.map(module -> module.resolve("src/main/java")).filter(Files::isDirectory).toList().stream()
                    .flatMap(MetricsTest::below);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> below(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).map(MetricsTest::text).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> documented() {
        return text(SharedStack.CHECKOUT.resolve("docs/metrics.md"))
                .lines()
                .filter(line -> line.startsWith("| `portolan_"))
                .map(line -> line.split("\\|")[1])
                .flatMap(cell -> ASKED.matcher(cell).results())
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> asked(String text) {
        return ASKED.matcher(text)
                .results()
                .map(found -> found.group().replaceFirst("_(bucket|count|sum|max)$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyMetricOfTheCodeIsDescribedAndNoOther() {
        assertThat(documented()).hasSizeGreaterThan(40).isEqualTo(inCode());
    }

    @Test
    void alertsAndDashboardAskForMetricsThatAreThere() {
        assertThat(asked(text(MONITORING.resolve("alerts.yaml"))))
                .hasSizeGreaterThan(8)
                .isSubsetOf(documented());
        assertThat(asked(text(MONITORING.resolve("dashboard.json"))))
                .hasSizeGreaterThan(12)
                .isSubsetOf(documented());
    }

    @Test
    void everyAlertLeadsToASectionOfTheRunbook() {
        Set<String> sections = text(SharedStack.CHECKOUT.resolve("docs/runbook.md"))
                .lines()
                .filter(line -> line.startsWith("## "))
                .map(line -> "docs/runbook.md#"
                        + line.substring(3)
                                .toLowerCase(java.util.Locale.ROOT)
                                .replaceAll("[^a-z0-9 -]", "")
                                .replace(' ', '-'))
                .collect(Collectors.toSet());
        List<String> alerts = text(MONITORING.resolve("alerts.yaml"))
                .lines()
                .map(String::strip)
                .toList();
        assertThat(alerts.stream().filter(line -> line.startsWith("runbook: ")).map(line -> line.substring(9)))
                .hasSameSizeAs(alerts.stream()
                        .filter(line -> line.startsWith("- alert: "))
                        .toList())
                .isSubsetOf(sections);
    }

    @Test
    void everyPanelOfTheDashboardHasATitleAUnitAndSaysWhatItShows() {
        JsonNode panels = JsonMapper.builder()
                .build()
                .readTree(text(MONITORING.resolve("dashboard.json")))
                .path("panels");
        assertThat(panels).isNotEmpty().allSatisfy(panel -> {
            assertThat(panel.path("title").asString()).isNotBlank();
            assertThat(panel.path("description").asString()).isNotBlank();
            assertThat(panel.at("/fieldConfig/defaults/unit").asString()).isNotBlank();
            assertThat(panel.path("targets")).isNotEmpty();
        });
    }
}
