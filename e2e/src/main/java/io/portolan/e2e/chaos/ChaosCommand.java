package io.portolan.e2e.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/** {@code ./portolan chaos [--minutes N] [--seed S]}. Its exit status is 1 where something is not right at the end. */
final class ChaosCommand {
    private ChaosCommand() {}

    static void main(String[] arguments) throws InterruptedException {
        Map<String, Double> said = new TreeMap<>(Map.of(
                "--minutes", 5.0, "--seed", (double) ThreadLocalRandom.current().nextInt(1_000_000)));
        for (int i = 0; i < arguments.length; i += 2) {
            if (!said.containsKey(arguments[i]) || i + 1 == arguments.length || !isNumber(arguments[i + 1])) {
                System.err.printf(
                        "portolan: chaos [--minutes N] [--seed S]: it does not know '%s'%n",
                        String.join(" ", arguments));
                System.exit(2);
            }
            said.put(arguments[i], Double.valueOf(arguments[i + 1]));
        }
        long seed = said.getOrDefault("--seed", 0.0).longValue();
        Duration length = Duration.ofMillis((long) (said.getOrDefault("--minutes", 0.0) * 60_000));
        System.out.println("portolan: starting OVN, PostgreSQL and its standby, services and nodes");
        Chaos.Verdict verdict;
        try (Chaos chaos = new Chaos(Path.of("").toAbsolutePath(), ChaosCommand::say)) {
            verdict = chaos.run(seed, length);
        }
        System.out.println("portolan: " + verdict);
        System.exit(verdict.clean() ? 0 : 1);
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private static boolean isNumber(String word) {
        return word.matches("[0-9]{1,9}([.][0-9]{1,3})?");
    }
}
