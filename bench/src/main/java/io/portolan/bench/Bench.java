package io.portolan.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ./portolan bench [--only NAME] [--json]}. Its exit status is 1 where a figure misses its target. */
public final class Bench {
    private static final List<Harness> HARNESSES = List.of(
            new PodStarts(),
            new FirstPing(),
            new NorthdPerPod(),
            new RouterScale(),
            new ClaimRate(),
            new ClaimLatency(),
            new ManyNodes(),
            new Growth(),
            new EndpointChange(),
            new NodeFill(),
            new Audit());

    /** It would say each request. */
    private static final Logger MOCK = Logger.getLogger("io.fabric8.mockwebserver");

    private Bench() {}

    public static void main(String[] arguments) {
        MOCK.setLevel(Level.WARNING);
        PrintStream results = System.out;
        System.setOut(System.err); // services log there
        boolean json = false;
        String only = null;
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--json")) {
                json = true;
            } else if (arguments[i].equals("--only") && i + 1 < arguments.length) {
                only = arguments[++i];
            } else {
                usage("it does not know '%s'".formatted(arguments[i]));
            }
        }
        String name = only;
        List<Harness> chosen = HARNESSES.stream()
                .filter(harness -> name == null || harness.name().equals(name))
                .toList();
        if (chosen.isEmpty()) {
            usage("it has no harness '%s'".formatted(name));
        }
        List<Figure> figures = new ArrayList<>();
        for (Harness harness : chosen) {
            say("measuring " + harness.name());
            figures.addAll(harness.measure());
        }
        if (json) {
            results.println(json(figures));
        } else {
            table(figures, results);
        }
        System.exit(figures.stream().allMatch(Figure::ok) ? 0 : 1);
    }

    private static void usage(String what) {
        System.err.printf(
                "portolan: bench [--only NAME] [--json]: %s; NAME is one of %s%n",
                what, HARNESSES.stream().map(Harness::name).collect(Collectors.joining(", ")));
        System.exit(2);
    }

    /** To people; what a program reads is on standard output. */
    public static void say(String words) {
        System.err.println("portolan: " + words);
    }

    private static String json(List<Figure> figures) {
        ObjectMapper mapper = JsonMapper.shared();
        ObjectNode all = mapper.createObjectNode();
        ArrayNode results = all.putArray("results");
        for (Figure figure : figures) {
            results.addObject()
                    .put("name", figure.name())
                    .put("value", figure.value())
                    .put("unit", figure.unit())
                    .put("ratio", figure.ratio())
                    .put("target", figure.target())
                    .put("ok", figure.ok());
        }
        return mapper.writeValueAsString(all);
    }

    private static void table(List<Figure> figures, PrintStream results) {
        for (Figure figure : figures) {
            results.printf(
                    Locale.ROOT,
                    "%-74s %10.2f %-7s %8s  %-14s %s%n",
                    figure.name(),
                    figure.value(),
                    figure.unit(),
                    optional("%.2fx", figure.ratio()),
                    optional("target %.2f", figure.target()),
                    figure.target() == null ? "" : figure.ok() ? "ok" : "MISSED");
        }
    }

    private static String optional(String format, @Nullable Double number) {
        return number == null ? "" : String.format(Locale.ROOT, format, number);
    }
}
