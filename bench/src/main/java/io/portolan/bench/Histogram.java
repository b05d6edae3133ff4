package io.portolan.bench;

import java.util.List;

/** A histogram of seconds as Prometheus reads it: how many samples were at most so long. */
record Histogram(List<Bucket> buckets) {
    record Bucket(double atMostSeconds, double count) {}

    /** Of one without labels. */
    static Histogram of(String metrics, String name) {
        String start = name + "_bucket{le=\"";
        return new Histogram(metrics.lines()
                .filter(line -> line.startsWith(start))
                .map(line -> {
                    String bound = line.substring(start.length(), line.indexOf('"', start.length()));
                    return new Bucket(
                            bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
                            Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)));
                })
                .toList());
    }

    /** Milliseconds: the bound of the bucket in which it is, so never too small. */
    double percentile(double part) {
        double wanted = part * buckets.getLast().count();
        return 1_000
                * buckets.stream()
                        .filter(bucket -> bucket.count() >= wanted)
                        .findFirst()
                        .orElseThrow()
                        .atMostSeconds();
    }
}
