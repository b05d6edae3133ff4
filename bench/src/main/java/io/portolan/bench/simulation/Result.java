package io.portolan.bench.simulation;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What came of it.
 *
 * @param joinSeconds until all nodes had their ports
 * @param unplaced pods that no node had room for
 * @param givenTwice addresses that two pods had at once, in words
 * @param settled whether ledger and nodes came to say the same
 * @param bound ports that the ledger says pods have, at the end
 * @param last what the nodes say, at the end
 */
public record Result(
        Plan plan,
        Timeline timeline,
        double joinSeconds,
        int started,
        int unplaced,
        List<String> givenTwice,
        boolean settled,
        int bound,
        LightAgent.Counts last) {
    /** No address was given twice, every pod has its port, and the ledger knows. */
    public boolean right() {
        return givenTwice.isEmpty() && settled;
    }

    private double[] claims() {
        return timeline.took(Timeline.Kind.CLAIM, event -> true);
    }

    public double claimMillis(double part) {
        return Timeline.percentile(claims(), part);
    }

    private double[] waits() {
        return timeline.took(Timeline.Kind.START, event -> true);
    }

    private double meanWaste() {
        return timeline.looks().stream()
                .filter(look -> look.running() > 0)
                .mapToDouble(Timeline.Look::waste)
                .average()
                .orElse(0);
    }

    public String words() {
        double[] claims = claims();
        double[] waits = waits();
        int misses = Timeline.misses(waits);
        StringBuilder words = new StringBuilder();
        line(
                words,
                "nodes",
                "%d, with all their ports after %.1f s (%.0f a second)"
                        .formatted(plan.nodes(), joinSeconds, plan.nodes() / joinSeconds));
        line(words, "pods", "%d started, %d at the end; %d found no node".formatted(started, last.running(), unplaced));
        line(
                words,
                "claims",
                "%d: p50 %.1f ms, p99 %.1f ms, longest %.1f ms"
                        .formatted(
                                claims.length,
                                Timeline.percentile(claims, 0.5),
                                Timeline.percentile(claims, 0.99),
                                Timeline.percentile(claims, 1)));
        line(
                words,
                "pool misses",
                "%d (%.2f %% of the pods); pods waited p99 %.0f ms, longest %.0f ms"
                        .formatted(
                                misses,
                                waits.length == 0 ? 0 : 100.0 * misses / waits.length,
                                Timeline.percentile(waits, 0.99),
                                Timeline.percentile(waits, 1)));
        line(
                words,
                "waste",
                "%.1f %% of the ports in caches idle, in the mean while pods ran".formatted(100 * meanWaste()));
        line(words, "given twice", Integer.toString(givenTwice.size()));
        givenTwice.stream().limit(10).forEach(twice -> line(words, "", twice));
        line(
                words,
                "at the end",
                settled
                        ? "ledger and nodes say the same: %d bound".formatted(bound)
                        : "NOT SETTLED: the ledger has %d bound, nodes %d running, %d waiting, %d reports under way"
                                .formatted(bound, last.running(), last.waiting(), last.unsaid()));
        line(words, "plot", plan.plot().toString());
        return words.toString();
    }

    private static void line(StringBuilder words, String what, String text) {
        words.append("%-12s %s%n".formatted(what, text));
    }

    String json() {
        double[] claims = claims();
        double[] waits = waits();
        ObjectNode all = JsonMapper.shared().createObjectNode();
        all.put("nodes", plan.nodes())
                .put("seed", plan.seed())
                .put("joinSeconds", joinSeconds)
                .put("podsStarted", started)
                .put("podsUnplaced", unplaced)
                .put("claims", claims.length)
                .put("claimP50Millis", Timeline.percentile(claims, 0.5))
                .put("claimP99Millis", Timeline.percentile(claims, 0.99))
                .put("poolMisses", Timeline.misses(waits))
                .put("waitP99Millis", Timeline.percentile(waits, 0.99))
                .put("meanWaste", meanWaste())
                .put("givenTwice", givenTwice.size())
                .put("settled", settled)
                .put("ok", right());
        return all.toString();
    }
}
