package io.portolan.kit.problem;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What docs/http.md says of each refusal of a service: that page is a resource of this module. */
final class Remedies {
    private static final Pattern SECTION = Pattern.compile("## (.+)");
    private static final Pattern ROW = Pattern.compile("\\| (`[^|]+) \\| ([0-9, ]+) \\| ([^|]*) \\| ([^|]*) \\|");
    private static final Pattern SLUG = Pattern.compile("`([a-z-]+)`");
    private static final Pattern LINK = Pattern.compile("\\[([^]]+)]\\([^)]+\\)");
    private static final String EVERYWHERE = "All services";

    /** What a refusal means, and what its caller should do; both may be empty. */
    record Remedy(String when, String what) {}

    private final Map<String, Remedy> bySlug = new LinkedHashMap<>();

    private Remedies() {}

    /** Of a service's own section, and of the one of all services. */
    static Remedies of(String service) {
        Remedies found = new Remedies();
        String section = "";
        for (String line : page().lines().toList()) {
            Matcher heading = SECTION.matcher(line);
            Matcher row = ROW.matcher(line);
            if (heading.matches()) {
                section = heading.group(1);
            } else if ((section.equals(EVERYWHERE) || section.equals(service)) && row.matches()) {
                Remedy remedy = new Remedy(text(row.group(3)), text(row.group(4)));
                SLUG.matcher(row.group(1)).results().forEach(slug -> found.bySlug.putIfAbsent(slug.group(1), remedy));
            }
        }
        return found;
    }

    private static String page() {
        try (InputStream page = Objects.requireNonNull(
                Remedies.class.getResourceAsStream("http.md"), "docs/http.md is not among the resources")) {
            return new String(page.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String cell) {
        return LINK.matcher(cell.strip()).replaceAll("$1");
    }

    Remedy remedy(String slug) {
        return Objects.requireNonNull(bySlug.get(slug), slug);
    }

    /** The slugs that a description of an answer names, in its order. */
    List<String> named(String description) {
        List<String> slugs = new ArrayList<>();
        Matcher word = Pattern.compile("[a-z]+(-[a-z]+)*").matcher(description);
        while (word.find()) {
            if (bySlug.containsKey(word.group()) && !slugs.contains(word.group())) {
                slugs.add(word.group());
            }
        }
        return slugs;
    }
}
