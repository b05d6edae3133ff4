package io.portolan.e2e.demo;

import io.portolan.e2e.stack.DevIssuer;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.model.identity.TokenFile;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import tools.jackson.databind.JsonNode;

/** {@code ./portolan support-bundle}: what somebody who is to help wants to see, in one file, without secrets. */
final class SupportBundle {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int LOG_BYTES = 1 << 20;
    private static final int PAGES = 40;
    private static final List<String> PARTS = List.of("ipam", "topology", "lb", "security");

    /** What is told of each cluster, by the service that tells it. */
    private static final Map<String, List<String>> OF_CLUSTER = Map.of(
            "topology", List.of("", "/nodes", "/gateway", "/floating-ips", "/audit"),
            "ipam", List.of("/pools", "/utilisation"),
            "lb", List.of("/load-balancing", "/load-balancers"),
            "security", List.of("/security", "/security-profiles", "/profile-pools"));

    private final Map<String, String> services;
    private final List<String> agents;
    private final Optional<Path> token;
    private final Optional<Path> logs;
    private final Redaction redaction;
    private final List<String> missing = new ArrayList<>();

    /**
     * @param services URLs by {@code ipam}, {@code topology}, {@code lb} and {@code security}; some may be left out
     * @param agents URLs of agents' own pages
     * @param logs a directory below which every {@code .log} is taken, its last MiB
     * @param secrets what is never to be in it
     */
    SupportBundle(
            Map<String, String> services,
            List<String> agents,
            Optional<Path> token,
            Optional<Path> logs,
            List<String> secrets) {
        this.services = new LinkedHashMap<>(services);
        this.agents = List.copyOf(agents);
        this.token = token;
        this.logs = logs;
        redaction = new Redaction(secrets);
    }

    static void main(String[] words) throws IOException {
        Map<String, String> services = new LinkedHashMap<>();
        List<String> agents = new ArrayList<>();
        Optional<Path> token = Optional.empty();
        Path output = Path.of("portolan-support-%s.zip"
                .formatted(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")
                        .withZone(ZoneOffset.UTC)
                        .format(Instant.now())));
        for (int i = 0; i < words.length; i += 2) {
            String name = i + 1 < words.length ? words[i].replaceFirst("^--", "") : "";
            String value = name.isEmpty() ? "" : words[i + 1];
            switch (name) {
                case "ipam", "topology", "lb", "security" -> services.put(name, value.replaceFirst("/+$", ""));
                case "agent" -> agents.add(value.replaceFirst("/+$", ""));
                case "token-file" -> token = Optional.of(Path.of(value));
                case "output" -> output = Path.of(value);
                default -> {
                    System.err.printf(
                            "portolan: support-bundle does not know '%s'; it takes --topology URL, --ipam URL, --lb URL,"
                                    + " --security URL, --agent URL (repeatedly), --token-file FILE and --output FILE%n",
                            words[i]);
                    System.exit(2);
                }
            }
        }
        Optional<Path> logs = Optional.empty();
        List<String> secrets = new ArrayList<>();
        if (services.isEmpty() && agents.isEmpty()) {
            Optional<DevStacks.Running> up = DevStacks.running();
            if (up.isEmpty()) {
                System.err.println(
                        "portolan: nothing is up here: ./portolan up starts something, --topology and others name services");
                System.exit(2);
            }
            services.put("ipam", up.get().ipam());
            services.put("topology", up.get().topology());
            services.put("lb", up.get().lb());
            services.put("security", up.get().security());
            agents.addAll(up.get().agents());
            token = token.or(() -> Optional.of(DevIssuer.operatorToken(up.get().directory())));
            logs = Optional.of(up.get().directory());
            secrets.addAll(secretsBelow(up.get().directory()));
        }
        SupportBundle bundle = new SupportBundle(services, agents, token, logs, secrets);
        int entries = bundle.write(output);
        bundle.missing.forEach(what -> System.out.println("portolan: not in it: " + what));
        System.out.printf(
                "portolan: %s has %d files, without what looks like a secret; look through it before you send it%n",
                output, entries);
    }

    /** What the stack that this directory is of keeps from others. */
    static List<String> secretsBelow(Path directory) throws IOException {
        List<String> secrets = new ArrayList<>();
        for (String kept : List.of("secrets", "identities")) {
            Path below = directory.resolve(kept);
            if (Files.isDirectory(below)) {
                try (Stream<Path> files = Files.walk(below)) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        secrets.add(Files.readString(file).strip());
                    }
                }
            }
        }
        return secrets;
    }

    /**
     * Writes it, readable by its owner only.
     *
     * @return how many files are in it
     */
    int write(Path output) throws IOException {
        Files.deleteIfExists(output);
        Files.createFile(output, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        int entries = 0;
        try (OutputStream file = Files.newOutputStream(output);
                ZipOutputStream zip = new ZipOutputStream(file, StandardCharsets.UTF_8)) {
            for (Map.Entry<String, String> entry : contents().entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(redaction.of(entry.getValue()).getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
                entries++;
            }
        }
        return entries;
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new LinkedHashMap<>();
        for (String part : PARTS) {
            if (services.containsKey(part)) {
                ofProcess(
                        contents,
                        "services/" + part,
                        calls(part),
                        "/actuator/prometheus",
                        "/actuator/health",
                        "/actuator/info");
            }
        }
        for (String cluster : clusters()) {
            OF_CLUSTER.forEach((part, paths) -> {
                if (services.containsKey(part)) {
                    paths.forEach(path -> pages(
                            contents,
                            "clusters/" + cluster + (path.isEmpty() ? "/cluster" : path),
                            calls(part),
                            "/v1/clusters/" + cluster + path));
                }
            });
        }
        for (String agent : agents) {
            ofProcess(
                    contents,
                    "agents/" + agent.replaceAll("^https?://", "").replace(':', '-'),
                    new RestCalls(agent, LIMIT),
                    "/metrics",
                    "/actuator/health",
                    "/v1/node",
                    "/v1/ports",
                    "/v1/pods");
        }
        if (logs.isPresent()) {
            logs(contents, logs.get());
        }
        contents.put("about.txt", about());
        return contents;
    }

    private RestCalls calls(String part) {
        RestCalls calls = new RestCalls(Objects.requireNonNull(services.get(part), part), LIMIT);
        return token.map(TokenFile::new).map(calls::as).orElse(calls);
    }

    private List<String> clusters() {
        List<String> names = new ArrayList<>();
        if (services.containsKey("topology")) {
            Map<String, String> pages = new LinkedHashMap<>();
            for (JsonNode page : pages(pages, "clusters", calls("topology"), "/v1/clusters")) {
                page.path("clusters")
                        .forEach(cluster -> names.add(cluster.path("name").asString()));
            }
        }
        return names;
    }

    private void ofProcess(
            Map<String, String> contents, String directory, RestCalls calls, String metrics, String... paths) {
        for (String path : paths) {
            pages(contents, directory + path.replaceFirst(".*/", "/"), calls, path);
        }
        try {
            contents.put(directory + "/metrics.txt", calls.text(metrics));
        } catch (UncheckedIOException e) {
            missing.add(directory + "/metrics.txt: " + e.getMessage());
        }
    }

    /** Puts in what a path answers, a file a page. What is refused is an answer, too. */
    private List<JsonNode> pages(Map<String, String> contents, String name, RestCalls calls, String path) {
        List<JsonNode> pages = new ArrayList<>();
        String cursor = "";
        try {
            do {
                RestCalls.Answer answer = calls.get(path + cursor);
                pages.add(answer.body());
                contents.put(
                        name + (pages.size() == 1 ? "" : "-" + pages.size()) + ".json",
                        answer.body().toPrettyString());
                String next = answer.body().path("next").asString("");
                cursor = next.isEmpty() ? "" : "?cursor=" + next.replace(" ", "%20");
            } while (!cursor.isEmpty() && pages.size() < PAGES);
            if (!cursor.isEmpty()) {
                missing.add("%s: what comes after %d pages".formatted(name, PAGES));
            }
        } catch (UncheckedIOException | IllegalArgumentException e) {
            missing.add(name + ": " + e.getMessage());
        }
        return pages;
    }

    private void logs(Map<String, String> contents, Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory, 6)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".log")).toList()) {
                try {
                    contents.put("logs/" + directory.relativize(file), tail(file));
                } catch (IOException e) {
                    missing.add(file + ": " + e.getMessage());
                }
            }
        }
    }

    private static String tail(Path file) throws IOException {
        try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
            log.seek(Math.max(0, log.length() - LOG_BYTES));
            byte[] end = new byte[(int) Math.min(LOG_BYTES, log.length() - log.getFilePointer())];
            log.readFully(end);
            return new String(end, StandardCharsets.UTF_8);
        }
    }

    private String about() {
        StringBuilder about = new StringBuilder();
        about.append("taken at ").append(Instant.now()).append('\n');
        about.append("on ")
                .append(System.getProperty("os.name"))
                .append(' ')
                .append(System.getProperty("os.version"))
                .append(", Java ")
                .append(Runtime.version())
                .append('\n');
        about.append("services ").append(services).append('\n');
        about.append("agents ").append(agents).append('\n');
        missing.forEach(what -> about.append("not in it: ").append(what).append('\n'));
        return about.toString();
    }
}
