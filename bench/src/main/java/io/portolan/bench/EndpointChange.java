package io.portolan.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * From a change of an EndpointSlice to the row in OVN's northbound database, with few and with many Services present; and
 * the start of the service where everything is right already.
 *
 * <p>The clock starts when a plain watch of slices in this process has the event, lest the API server's own time count,
 * which here is a test's; it stops when a plain monitor of the database has the row. A bare write is one transaction that
 * changes the {@code vips} of a row of the same size, from its call until the same monitor has it. northd is not running:
 * what it costs per transaction is its own matter.
 */
final class EndpointChange implements Harness {
    private static final int FEW = 100;
    private static final int MANY = Integer.getInteger("bench.services", 10_000);

    @Override
    public String name() {
        return "endpointslice";
    }

    @Override
    public List<Figure> measure() {
        List<Figure> figures = new ArrayList<>();
        Samples few;
        try (ManyServices setting = new ManyServices(FEW)) {
            few = setting.changes();
        }
        try (ManyServices setting = new ManyServices(MANY)) {
            Samples many = setting.changes();
            Samples bare = setting.bareWrites();
            Bench.say("%d services: %s".formatted(FEW, few));
            Bench.say("%d services: %s; a bare write: %s".formatted(MANY, many, bare));
            figures.add(Figure.of(
                    "endpointslice to row, 10,000 services, p50 above a bare write",
                    many.median() - bare.median(),
                    "ms",
                    50));
            figures.add(Figure.of(
                    "endpointslice to row, 10,000 services, p99 above a bare write",
                    many.percentile(0.99) - bare.percentile(0.99),
                    "ms",
                    500));
            figures.add(Figure.ratio(
                    "endpointslice to row, 10,000 services against 100, p50", many.median(), few.median(), "ms", 1.3));
            figures.addAll(setting.startWithEverythingRight());
        }
        return figures;
    }
}
