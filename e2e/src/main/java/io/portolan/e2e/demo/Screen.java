package io.portolan.e2e.demo;

import java.io.PrintStream;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Where the demo says what it does: words for a person on standard output, or JSON there and the words on the other. */
final class Screen {
    private final PrintStream words;
    private final boolean json;
    private final long start = System.nanoTime();

    Screen(boolean json) {
        this.json = json;
        this.words = json ? System.err : System.out;
    }

    synchronized void say(String text) {
        words.println(text);
    }

    synchronized void step(String text) {
        words.printf("%n[%5.1f s] %s%n", (System.nanoTime() - start) / 1e9, text);
    }

    synchronized void done(String what, double milliseconds) {
        words.printf("          ✓ %-58s %8.1f s%n", what, milliseconds / 1e3);
    }

    synchronized void check(Checks.Check check) {
        words.printf("          %s %-58s %8.1f ms%n", check.ok() ? "✓" : "✗", check.name(), check.ms());
        if (!check.ok()) {
            words.println("            " + check.said());
        }
    }

    synchronized void table(List<String> heads, List<List<String>> rows) {
        int[] widths = new int[heads.size()];
        for (int i = 0; i < widths.length; i++) {
            int column = i;
            widths[i] = Math.max(
                    heads.get(i).length(),
                    rows.stream().mapToInt(r -> r.get(column).length()).max().orElse(0));
        }
        line(heads, widths);
        line(java.util.Arrays.stream(widths).mapToObj("─"::repeat).toList(), widths);
        rows.forEach(row -> line(row, widths));
    }

    private void line(List<String> cells, int[] widths) {
        StringBuilder text = new StringBuilder("          ");
        for (int i = 0; i < widths.length; i++) {
            text.append(cells.get(i)).repeat(' ', widths[i] - cells.get(i).length() + 2);
        }
        words.println(text.toString().stripTrailing());
    }

    /** Ends the run: with {@code --json} the checks, and nothing else, are on standard output. */
    void finish(Checks checks) {
        if (json) {
            JsonMapper mapper = JsonMapper.builder().build();
            ObjectNode root = mapper.createObjectNode();
            ArrayNode list = root.putArray("checks");
            for (Checks.Check check : checks.all()) {
                list.addObject()
                        .put("name", check.name())
                        .put("ok", check.ok())
                        .put("ms", Math.round(check.ms() * 10) / 10.0);
            }
            System.out.println(mapper.writeValueAsString(root));
        } else {
            long held = checks.all().stream().filter(Checks.Check::ok).count();
            words.printf(
                    "%n%d of %d checks hold, in %.1f s.%n",
                    held, checks.all().size(), (System.nanoTime() - start) / 1e9);
        }
    }
}
