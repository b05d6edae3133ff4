package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No file of the checkout has a private key, a token, or a password that looks drawn by chance. */
class SecretScanTest {
    private static final Map<String, Pattern> KNOWN = Map.of(
            "a private key", Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----\\s*[A-Za-z0-9+/]{40}"),
            "a JSON web token", Pattern.compile("\\beyJ[\\w-]{15,}\\.eyJ[\\w-]{15,}\\.[\\w-]{20,}"),
            "a token of a hosting service", Pattern.compile("\\b(gh[pousr]_|glpat-|github_pat_|xox[abp]-)[\\w-]{20,}"),
            "a key of a cloud", Pattern.compile("\\b(AKIA|ASIA)[A-Z0-9]{16}\\b"),
            "a bearer", Pattern.compile("(?i)authorization: *(basic|bearer) +[\\w+/=.-]{24,}"),
            "a password in a URL", Pattern.compile("\\b[a-z]+://[^\\s/:@\"'${%]+:[^\\s/:@\"'${%]{6,}@"));
    private static final Pattern ASSIGNED = Pattern.compile(
            "(?i)(?:password|passwd|secret|token|api_?key|credential)s?[\"']?\\s*[:=]\\s*[\"']?([A-Za-z0-9+/=_.-]{20,})");
    private static final double CHANCE = 4.0;

    private static List<String> found(String text) {
        List<String> found = new ArrayList<>(KNOWN.entrySet().stream()
                .filter(known -> known.getValue().matcher(text).find())
                .map(Map.Entry::getKey)
                .toList());
        Matcher assigned = ASSIGNED.matcher(text);
        while (assigned.find()) {
            String value = assigned.group(1);
            if (value.matches(".*[0-9].*") && value.matches(".*[A-Z].*") && entropy(value) > CHANCE) {
                found.add("what is assigned looks drawn by chance: " + value.substring(0, 4) + "…");
            }
        }
        return found;
    }

    /** Bits a character. */
    private static double entropy(String text) {
        return text.chars().boxed().collect(Collectors.groupingBy(c -> c, Collectors.counting())).values().stream()
                .mapToDouble(count -> (double) count / text.length())
                .map(share -> -share * Math.log(share) / Math.log(2))
                .sum();
    }

    private static boolean isOurs(Path file) {
        String path = SharedStack.CHECKOUT.relativize(file).toString();
        return Files.isRegularFile(file)
                && Stream.of("target/", ".git/", "node_modules/").noneMatch(path::contains);
    }

    @Test
    void noFileHasASecret() throws IOException {
        List<String> leaks = new ArrayList<>();
        int read = 0;
        List<Path> all;
        try (Stream<Path> files = Files.walk(SharedStack.CHECKOUT)) {
            all = files.filter(SecretScanTest::isOurs).toList();
        }
        for (Path file : all) {
            try {
                found(Files.readString(file)).forEach(what -> leaks.add(file + ": " + what));
                read++;
            } catch (MalformedInputException e) {
                leaks.add(file + " is no text");
            }
        }
        assertThat(read).isGreaterThan(500);
        assertThat(leaks).isEmpty();
    }

    @Test
    void whatWouldBeASecretIsFound() {
        byte[] random = new byte[60];
        ThreadLocalRandom.current().nextBytes(random);
        String chance = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        String jwt = "eyJ" + chance.substring(0, 20) + ".eyJ" + chance.substring(0, 20) + "." + chance;
        List<String> secrets = List.of(
                "-----BEGIN EC " + "PRIVATE KEY-----\n" + "M".repeat(64),
                jwt,
                "ghp" + "_" + "a".repeat(36),
                "AK" + "IA" + "A".repeat(16),
                "Authorization: " + "Bearer " + "a".repeat(40),
                "postgres" + "://user:" + "hunter22@host/db",
                "pass" + "word: " + chance.substring(0, 40) + "A1");
        assertThat(IntStream.range(0, secrets.size())
                        .filter(i -> found(secrets.get(i)).isEmpty())
                        .mapToObj(secrets::get))
                .isEmpty();
        assertThat(found("password: ${LEDGER_PASSWORD}\ntoken-file=/run/portolan/identity/token\nsecret = secretRef()"))
                .isEmpty();
    }
}
