package io.portolan.kit.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ledger.LedgerDatabase;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends a service thousands of requests that its OpenAPI document makes possible and some that nothing does. None may be
 * answered by a fault of the service, or with its inside, or late; and none that is refused may have written anything. The
 * service's loops are stopped meanwhile, so whatever the ledger has anew is of the request.
 *
 * <p>{@code -Dportolan.fuzz=N} says how many; {@code -Dportolan.seed=S} repeats a run, which prints its seed.
 */
public final class Fuzz {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String TYPE = "urn:portolan:problem:";
    private static final int WRONG_ENOUGH = 12;
    private static final Pattern INSIDE = Pattern.compile(
            "\\b(java|javax|jakarta|io\\.portolan|org\\.(springframework|postgresql|hibernate|apache)|tools\\.jackson|com\\.fasterxml)\\."
                    + "|\\bat [\\w.$/]+\\(|[a-z]Exception\\b|PSQL|JDBC|(?i:\\bERROR: |syntax error|insert into |update \\w+ set |select \\w+.* from )");

    private final String base;
    private final LedgerDatabase ledger;
    private final Map<String, List<String>> known = new HashMap<>();
    private final Map<String, List<JsonNode>> examples = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();
    private final Map<String, Integer> answers = new TreeMap<>();
    private Set<String> unable = Set.of();
    private Set<String> doubtful = Set.of();
    private Set<String> besides = Set.of();

    public Fuzz(String base, LedgerDatabase ledger) {
        this.base = base;
        this.ledger = ledger;
    }

    /** Stops what would write beside the requests. */
    public static void still(ApplicationContext service) {
        service.getBeansOfType(SmartLifecycle.class).values().stream()
                .filter(bean -> bean.getClass().getName().startsWith("io.portolan."))
                .forEach(SmartLifecycle::stop);
    }

    /** Texts that the parameter, or the member of a body, of this name may have. */
    public Fuzz know(String name, Object... values) {
        known.put(name, Arrays.stream(values).map(String::valueOf).toList());
        return this;
    }

    /** Bodies that are accepted, of the schema of this name. */
    public Fuzz example(String schema, Object... bodies) {
        examples.put(
                schema, Arrays.stream(bodies).<JsonNode>map(JSON::valueToTree).toList());
        return this;
    }

    /** Types of problems by which this service may say that it could not: 503 or 507, and no other 5xx. */
    public Fuzz mayBeUnable(String... slugs) {
        unable = Set.of(slugs);
        return this;
    }

    /** Types of refusals that may have written down what was asked, as {@code docs/http.md} says. */
    public Fuzz mayHaveBeenWritten(String... slugs) {
        doubtful = Set.of(slugs);
        return this;
    }

    /** Tables that reading writes. */
    public Fuzz besides(String... tables) {
        besides = Set.of(tables);
        return this;
    }

    public void run() throws IOException, SQLException {
        int count = Integer.getInteger("portolan.fuzz", 2_500);
        long seed = Long.getLong("portolan.seed", System.nanoTime());
        String documented = Files.readString(Path.of("..", "docs", "http.md"));
        JsonNode document = document();
        beyond(new Beyond(document));
        Requests requests = new Requests(document, known, examples);
        try (Connection connection = ledger.owner().connect()) {
            String before = print(connection);
            for (int i = 0; i < count && wrong.size() < WRONG_ENOUGH; i++) {
                Requests.Request request = requests.next(new Random(seed + i * 7_919L), i);
                Wire.Answer answer = Wire.send(URI.create(base), request.bytes());
                String slug = slug(answer);
                answers.merge(answer.status() + " " + slug, 1, Integer::sum);
                String after = print(connection);
                boolean wrote = !after.equals(before) && (request.isRead() || answer.status() >= 400);
                fault(request, answer, slug, documented)
                        .or(() -> wrote && !doubtful.contains(slug)
                                ? Optional.of("refused or only read, and the ledger has changed")
                                : Optional.empty())
                        .ifPresent(fault -> wrong.add("%s: %s%n%s%n-> %d %s %s"
                                .formatted(
                                        fault,
                                        "request",
                                        request,
                                        answer.status(),
                                        answer.type(),
                                        cut(answer.body()))));
                before = after;
            }
        }
        System.out.printf(
                "Fuzz: %d requests to %d operations, seed %d: %s%n", count, requests.operations(), seed, answers);
        assertThat(wrong).as("faults; -Dportolan.seed=" + seed).isEmpty();
        assertThat(send("GET /actuator/health/liveness").status()).isEqualTo(200);
        assertThat(answers.entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("2"))
                        .mapToInt(Map.Entry::getValue)
                        .sum())
                .as("requests that were done")
                .isGreaterThan(count / 20);
    }

    /** Everything in a request is bounded, and one more is refused. */
    private void beyond(Beyond beyond) throws IOException {
        assertThat(beyond.unbounded()).isEmpty();
        assertThat(beyond.requests()).isNotEmpty();
        for (Map.Entry<String, String> request : beyond.requests().entrySet()) {
            Wire.Answer answer = Wire.send(URI.create(base), request.getValue());
            assertThat(answer.status() + " " + slug(answer))
                    .as(request.getKey() + ": " + cut(answer.body()))
                    .isEqualTo("400 invalid");
        }
    }

    private Optional<String> fault(Requests.Request request, Wire.Answer answer, String slug, String documented) {
        if (answer.status() == -1) {
            return Optional.of("no answer within " + Wire.PATIENCE);
        }
        boolean isNoHttp = !request.isHttp() && (answer.status() == 501 || answer.status() == 505);
        if (answer.status() >= 500 && !isNoHttp && !(isInability(answer.status()) && unable.contains(slug))) {
            return Optional.of("a fault of the service");
        }
        if (answer.status() == 0 && request.isHttp()) {
            return Optional.of("no answer");
        }
        if (INSIDE.matcher(answer.body()).find()) {
            return Optional.of("it tells of its inside");
        }
        boolean refused = answer.status() >= 400;
        if (refused && request.isHttp() && !request.method().equals("HEAD") && !answer.isProblem()) {
            return Optional.of("a refusal that is no problem");
        }
        return refused
                        && answer.isProblem()
                        && !request.method().equals("HEAD")
                        && !documented.contains("`" + slug + "`")
                ? Optional.of("a refusal that docs/http.md does not have")
                : Optional.empty();
    }

    private static boolean isInability(int status) {
        return status == 503 || status == 507;
    }

    private static String slug(Wire.Answer answer) {
        int from = answer.body().indexOf(TYPE);
        if (!answer.isProblem() || from < 0) {
            return answer.isProblem() ? "problem" : "";
        }
        return answer.body()
                .substring(from + TYPE.length())
                .chars()
                .takeWhile(c -> c == '-' || Character.isLetterOrDigit(c))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String cut(String body) {
        return body.length() < 600 ? body : body.substring(0, 600) + "…";
    }

    /** What no statement that writes leaves as it was: how many rows each table has, and by which transactions they are. */
    private String print(Connection connection) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet names = statement.executeQuery(
                        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
                                + " and not relispartition order by 1")) {
            while (names.next()) {
                tables.add(names.getString(1));
            }
        }
        tables.removeAll(besides);
        String all = tables.stream()
                .map("select '%1$s', count(*), coalesce(sum(xmin::text::bigint), 0) from %1$s"::formatted)
                .collect(Collectors.joining(" union all "));
        StringBuilder print = new StringBuilder();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(all)) {
            while (rows.next()) {
                print.append(rows.getString(1))
                        .append(' ')
                        .append(rows.getLong(2))
                        .append(' ')
                        .append(rows.getLong(3))
                        .append('\n');
            }
        }
        return print.toString();
    }

    private JsonNode document() throws IOException {
        return JSON.readTree(send("GET /v3/api-docs").body());
    }

    private Wire.Answer send(String line) throws IOException {
        return Wire.send(URI.create(base), line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
}
