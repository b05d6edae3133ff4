package io.portolan.e2e.demo;

import io.portolan.e2e.stack.DevIssuer;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.model.identity.TokenFile;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ./portolan audit}. Exits 0 where all agree, 1 where something was found, 2 where it could not be found out. */
final class Audit {
    private static final int CLEAN = 0;
    private static final int FOUND = 1;
    private static final int UNKNOWN = 2;

    /** An audit of a large cluster takes a while. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final String cluster;
    private final Optional<String> url;
    private final Optional<Path> token;
    private final boolean json;
    private final boolean repair;
    private final PrintStream out;

    Audit(String cluster, Optional<String> url, Optional<Path> token, boolean json, boolean repair, PrintStream out) {
        this.cluster = cluster;
        this.url = url;
        this.token = token;
        this.json = json;
        this.repair = repair;
        this.out = out;
    }

    static void main(String[] words) {
        String cluster = Stack.CLUSTER;
        Optional<String> url = Optional.empty();
        Optional<Path> token = Optional.empty();
        boolean json = false;
        boolean repair = false;
        for (int i = 0; i < words.length; i++) {
            boolean more = i + 1 < words.length;
            if (words[i].equals("--json")) {
                json = true;
            } else if (words[i].equals("--repair")) {
                repair = true;
            } else if (words[i].equals("--cluster") && more) {
                cluster = words[++i];
            } else if (words[i].equals("--url") && more) {
                url = Optional.of(words[++i].replaceFirst("/+$", ""));
            } else if (words[i].equals("--token-file") && more) {
                token = Optional.of(Path.of(words[++i]));
            } else {
                System.err.printf(
                        "portolan: audit does not know '%s'; it takes --cluster NAME, --url URL, --token-file FILE, --json"
                                + " and --repair%n",
                        words[i]);
                System.exit(UNKNOWN);
            }
        }
        System.exit(new Audit(cluster, url, token, json, repair, System.out).run());
    }

    /** @return the exit status */
    int run() {
        Optional<DevStacks.Running> up = url.isPresent() ? Optional.empty() : DevStacks.running();
        Optional<String> base = url.or(() -> up.map(DevStacks.Running::topology));
        Optional<Path> shown = token.or(() -> up.map(running -> DevIssuer.operatorToken(running.directory())));
        if (base.isEmpty()) {
            return unknown("nothing is up here: ./portolan up starts something, --url names a topology-service");
        }
        try {
            RestCalls calls = new RestCalls(base.get(), LIMIT);
            return run(shown.map(TokenFile::new).map(calls::as).orElse(calls));
        } catch (UncheckedIOException | IllegalArgumentException e) {
            return unknown(String.valueOf(e.getMessage()));
        }
    }

    private static int unknown(String why) {
        System.err.println("portolan: no audit: " + why);
        return UNKNOWN;
    }

    private int run(RestCalls topology) {
        String path = "/v1/clusters/" + cluster + "/audit";
        RestCalls.Answer answer = topology.get(path + "?limit=1024");
        if (!answer.succeeded()) {
            return unknown(
                    "status %d, %s".formatted(answer.status(), answer.body().path("detail")));
        }
        JsonNode audit = answer.body();
        List<JsonNode> findings = new ArrayList<>();
        audit.path("findings").forEach(findings::add);
        for (JsonNode page = audit; page.has("next"); ) {
            String cursor = page.path("next").asString().replace(" ", "%20");
            page = topology.get(path + "?limit=1024&cursor=" + cursor).ok();
            page.path("findings").forEach(findings::add);
        }
        Optional<JsonNode> woken = repair && !findings.isEmpty()
                ? Optional.of(topology.post(path + "/repair", Map.of()).ok())
                : Optional.empty();
        if (json) {
            ObjectNode all = ((ObjectNode) audit.deepCopy()).putPOJO("findings", findings);
            all.remove("next");
            woken.ifPresent(who -> all.set("repair", who));
            out.println(all);
        } else {
            say(audit, findings, woken);
        }
        boolean unread = audit.path("parts")
                .valueStream()
                .anyMatch(part -> part.path("state").asString().equals("unreadable"));
        return !findings.isEmpty() ? FOUND : unread ? UNKNOWN : CLEAN;
    }

    private void say(JsonNode audit, List<JsonNode> findings, Optional<JsonNode> woken) {
        out.printf(
                "portolan: cluster %s: %d ports of %d nodes, %d caches, %d findings%n",
                cluster,
                audit.path("ports").asInt(),
                audit.path("nodes").asInt(),
                audit.path("caches").asInt(),
                findings.size());
        audit.path("parts").forEach(part -> {
            if (!part.path("state").asString().equals("read")) {
                out.printf(
                        "portolan: not audited: %s, %s: %s%n",
                        part.path("name").asString(),
                        part.path("state").asString(),
                        part.path("reason").asString(""));
            }
        });
        audit.path("counts")
                .forEach(count -> out.printf(
                        "%8d  %s: %s%s%n",
                        count.path("count").asInt(),
                        count.path("kind").asString(),
                        count.path("words").asString(),
                        count.path("automatic").asBoolean() ? "; mended by itself" : ""));
        for (JsonNode finding : findings) {
            out.printf(
                    "%n%s %s on %s for %d s, port %s%n",
                    finding.path("kind").asString(),
                    finding.path("address").asString("-"),
                    finding.path("node").asString(),
                    finding.path("ageSeconds").asInt(),
                    finding.path("port").asString("-"));
            finding.path("says").forEachEntry((who, what) -> out.printf("  %-9s %s%n", who, what.asString()));
        }
        woken.ifPresent(who -> out.printf(
                "%nportolan: woken: loops of %s, agents of %s; %d findings are for a person: docs/audit.md%n",
                who.path("loops"), who.path("agents"), who.path("byHand").asInt()));
    }
}
