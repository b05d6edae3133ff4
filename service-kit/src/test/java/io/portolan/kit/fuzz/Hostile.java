package io.portolan.kit.fuzz;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Values that programs stumble over. */
final class Hostile {
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "\0",
            "a\0b",
            "\u0001\u001b[31m",
            "\r\nSet-Cookie: a=b",
            "\u202Egnp.exe",
            "שלום",
            "\uD83D\uDE00",
            "\uD800",
            "a\uDC00b",
            "\uFFFF\uFEFF",
            "ﬀİıſ",
            "' or 1=1 --",
            "'; drop table port; --",
            "\\'; --",
            "%",
            "_%",
            "../../../etc/passwd",
            "..\\..\\windows",
            "file:///etc/passwd",
            "${jndi:ldap://127.0.0.1/a}",
            "#{7*7}",
            "{{7*7}}",
            "<script>alert(1)</script>",
            "$(id)",
            "null",
            "NaN",
            "-1",
            "1e400",
            "9223372036854775808",
            "0.0.0.0/0",
            "255.255.255.255/32",
            "10.4.0.0/33",
            "10.4.0.1/8",
            "::/0",
            "::ffff:10.4.0.1",
            "00000000-0000-0000-0000-000000000000",
            "0001-01-01T00:00:00Z",
            "+1000000000-12-31T23:59:59.999999999Z",
            "-1000000000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "tcp:[::1]:99999",
            "unix:",
            "*",
            "W/\"1\"",
            "\"",
            "a,b,,c",
            "{}",
            "[]");
    private static final List<String> LITERALS = List.of(
            "null",
            "true",
            "false",
            "0",
            "-1",
            "-0",
            "-0.0",
            "1.5",
            "1e400",
            "-1e400",
            "1e-400",
            "2147483647",
            "2147483648",
            "-2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "123456789012345678901234567890",
            "NaN",
            "Infinity",
            "{}",
            "[]",
            "[[]]",
            "[null]",
            "{\"\":null}",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"\\x\"");
    private static final List<String> PATHS = List.of(
            "%00",
            "..%2f..%2fetc%2fpasswd",
            "..%5c..",
            "%2e%2e",
            "..",
            ".",
            "%",
            "%zz",
            "%c0%af",
            "%ff%fe",
            ";a=b",
            "a;jsessionid=1",
            "//",
            "a%0d%0ab",
            "%25%30%30",
            "%20",
            "{node}",
            "a?b",
            "a#b",
            "%EF%BF%BF");

    private Hostile() {}

    static <T> T one(Random random, List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    static String text(Random random) {
        return switch (random.nextInt(20)) {
            case 0 -> "a".repeat(100_000);
            case 1 -> "é".repeat(300);
            case 2 -> "10.".repeat(30_000);
            case 3 ->
                random.ints(random.nextInt(40), 0, 0x3000)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            default -> one(random, TEXTS);
        };
    }

    /** A value as JSON has it, or nearly. */
    static String json(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> "[" + "null,".repeat(9_999) + "null]";
            case 1 -> "[" + "\"a\",".repeat(9_999) + "\"a\"]";
            case 2 -> "[".repeat(3_000) + "]".repeat(3_000);
            case 3 -> "{\"a\":".repeat(900) + "1" + "}".repeat(900);
            case 4, 5, 6, 7 -> quoted(text(random));
            default -> one(random, LITERALS);
        };
    }

    /** Text between a path's slashes, or in a query. */
    static String path(Random random) {
        return random.nextInt(3) == 0
                ? one(random, PATHS)
                : URLEncoder.encode(text(random), StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Characters that JSON wants escaped are, but for some that it only should. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
