package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every page of the checkout leads to what is there, and is led to from the README. */
class DocsTest {
    private static final Path CHECKOUT = SharedStack.CHECKOUT;
    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\\n]*`");

    private static List<Path> pages() {
        try (Stream<Path> files = Files.walk(CHECKOUT)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> Stream.of("target", ".git", "node_modules")
                            .noneMatch(
                                    name -> CHECKOUT.relativize(file).toString().contains(name + "/")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of other pages and files, and of sections of this one; not of other hosts. */
    private static List<String> links(Path page) {
        return LINK.matcher(CODE.matcher(text(page)).replaceAll(""))
                .results()
                .map(found -> found.group(1))
                .filter(link -> !link.matches("[a-z]+:.*"))
                .toList();
    }

    private static Path target(Path page, String link) {
        String path = link.replaceFirst("#.*", "");
        return path.isEmpty() ? page : page.resolveSibling(path).normalize();
    }

    /** As the hosts of repositories name sections. */
    private static List<String> sections(Path page) {
        return HEADING.matcher(text(page))
                .results()
                .map(MatchResult::group)
                .map(line -> LINK.matcher(line.replaceFirst("^#+ ", ""))
                        .replaceAll(link -> link.group().replaceFirst("^\\[(.*)].*", "$1")))
                .map(title -> title.strip()
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                        .replace(' ', '-'))
                .toList();
    }

    @Test
    void everyLinkLeadsToAFileAndToASectionThatIsThere() {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            for (String link : links(page)) {
                links++;
                Path target = target(page, link);
                int section = link.indexOf('#');
                boolean there =
                        Files.exists(target) && (section < 0 || sections(target).contains(link.substring(section + 1)));
                if (!there) {
                    broken.add(CHECKOUT.relativize(page) + ": " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(links).isGreaterThan(100);
    }

    @Test
    void everyPageIsFoundFromTheReadme() {
        Set<Path> found = new TreeSet<>();
        Deque<Path> open = new ArrayDeque<>(List.of(CHECKOUT.resolve("README.md")));
        while (!open.isEmpty()) {
            Path page = open.remove();
            if (found.add(page)) {
                for (String link : links(page)) {
                    Path target = target(page, link);
                    if (Files.isDirectory(target)) {
                        target = target.resolve("README.md");
                    }
                    if (target.toString().endsWith(".md") && Files.exists(target)) {
                        open.add(target);
                    }
                }
            }
        }
        assertThat(pages()).isNotEmpty().isSubsetOf(found);
    }

    @Test
    void noPageIsAPlaceholder() {
        assertThat(pages())
                .allSatisfy(page -> assertThat(text(page))
                        .hasSizeGreaterThan(200)
                        .doesNotContainPattern("(?i)coming soon|lorem ipsum|\\bTBD\\b|\\bTODO\\b"));
    }
}
