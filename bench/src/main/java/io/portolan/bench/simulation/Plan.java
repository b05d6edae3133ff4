package io.portolan.bench.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is simulated.
 *
 * @param nodes 1 to 10,000
 * @param length of the churn, waves included; joining comes before it, and the first pods in a sixth of it
 * @param churn pods that start in a minute, for each node
 * @param fill part of all nodes' pods that run from the beginning
 * @param failing part of the nodes that dies at a third of the time
 * @param rollout part of the pods that is replaced at two thirds of the time
 * @param seed of everything that is drawn; times are not repeated by it
 * @param plot the picture's file
 * @param json whether the result is for a program
 */
public record Plan(
        int nodes,
        Duration length,
        double churn,
        double fill,
        double failing,
        double rollout,
        long seed,
        Path plot,
        boolean json) {
    /** Pods that start in a second, in the whole cluster. */
    double startsPerSecond() {
        return churn * nodes / 60;
    }

    /** A word that is not understood; the message is for a person. */
    public static final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        Unknown(String message) {
            super(message);
        }
    }

    static final String USAGE = """
            simulate [--nodes N] [--minutes M] [--churn PODS_A_NODE_AND_MINUTE] [--fill PART] [--failing PART] [--rollout PART]
                     [--seed S] [--plot FILE.png] [--json]""";

    private static final Map<String, String> DEFAULTS = Map.of(
            "nodes", "1000",
            "minutes", "3",
            "churn", "3",
            "fill", "0.4",
            "failing", "0.05",
            "rollout", "0.2",
            "seed", "1",
            "plot", "target/simulation.png");

    public static Plan of(String... words) throws Unknown {
        Map<String, String> said = new TreeMap<>(DEFAULTS);
        boolean json = false;
        for (int i = 0; i < words.length; i++) {
            String name = words[i].startsWith("--") ? words[i].substring(2) : "";
            if (name.equals("json")) {
                json = true;
            } else if (said.containsKey(name) && i + 1 < words.length) {
                said.put(name, words[++i]);
            } else {
                throw new Unknown("simulate does not know '%s'%n%s".formatted(words[i], USAGE));
            }
        }
        return new Plan(
                (int) number(said, "nodes", 1, 10_000),
                Duration.ofMillis((long) (number(said, "minutes", 0.1, 24 * 60) * 60_000)),
                number(said, "churn", 0, 600),
                number(said, "fill", 0, 1),
                number(said, "failing", 0, 0.9),
                number(said, "rollout", 0, 1),
                (long) number(said, "seed", 0, Integer.MAX_VALUE),
                Path.of(said.getOrDefault("plot", "")),
                json);
    }

    private static double number(Map<String, String> said, String name, double least, double most) throws Unknown {
        String word = said.getOrDefault(name, "");
        try {
            double value = Double.parseDouble(word);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new Unknown("--%s takes a number, not '%s'%n%s".formatted(name, word, USAGE));
        }
        throw new Unknown("--%s is between %s and %s, not %s".formatted(name, least, most, word));
    }
}
