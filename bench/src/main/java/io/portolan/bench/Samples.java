package io.portolan.bench;

import java.util.Arrays;
import java.util.List;

/** Durations, in milliseconds. */
final class Samples {
    private final double[] sorted;

    Samples(List<Long> nanos) {
        this(nanos.stream().mapToDouble(n -> n / 1e6).toArray());
    }

    Samples(double[] milliseconds) {
        sorted = Arrays.stream(milliseconds).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("nothing was measured");
        }
    }

    /** The smallest sample that at least this part of all does not exceed. */
    double percentile(double part) {
        return sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    double median() {
        return percentile(0.5);
    }

    @Override
    public String toString() {
        return "p50 %.2f ms, p99 %.2f ms, longest %.2f ms of %d"
                .formatted(
                        median(), percentile(0.99), Arrays.stream(sorted).max().orElseThrow(), sorted.length);
    }
}
