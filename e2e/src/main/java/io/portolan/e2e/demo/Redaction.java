package io.portolan.e2e.demo;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes out of a text what may be a secret: by what secrets look like, and those that are known. */
final class Redaction {
    private static final String OUT = "[redacted]";

    private record Rule(Pattern pattern, String instead) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    Pattern.compile(
                            "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)",
                            Pattern.DOTALL),
                    OUT),
            // JSON web tokens, and Keystone's.
            new Rule(Pattern.compile("eyJ[\\w-]{8,}\\.[\\w-]*(\\.[\\w-]*)?"), OUT),
            new Rule(Pattern.compile("gAAAA[\\w=-]{20,}"), OUT),
            new Rule(Pattern.compile("(?i)\\b(bearer|basic) +[\\w.~+/=-]{8,}"), "$1 " + OUT),
            new Rule(Pattern.compile("(://[^/\\s:@\"]*:)[^@\\s\"]+@"), "$1" + OUT + "@"),
            // A word that ends so is a secret's name; one that goes on, such as secretRef or token-file, is none.
            new Rule(
                    Pattern.compile(
                            "(?i)([\\w.-]*(?:password|passwd|secret|token|credentials?|api[_-]?key|client-key-data)"
                                    + "\\\\?[\"']?\\s*[=:]\\s*)(?:\\\\?[\"'](?:[^\"'\\\\]|\\\\.)*\\\\?[\"']|[^\\s,;}&\"']+)"),
                    "$1" + OUT));

    private final List<String> known;

    /** @param known secrets that are never to be seen, whatever they look like */
    Redaction(List<String> known) {
        this.known = known.stream().filter(secret -> secret.length() >= 8).toList();
    }

    String of(String text) {
        String clean = text;
        for (String secret : known) {
            clean = clean.replace(secret, OUT);
        }
        for (Rule rule : RULES) {
            Matcher matcher = rule.pattern.matcher(clean);
            clean = matcher.replaceAll(rule.instead);
        }
        return clean;
    }
}
