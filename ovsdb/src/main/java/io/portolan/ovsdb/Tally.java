package io.portolan.ovsdb;

import java.util.concurrent.atomic.LongAdder;

/** Counts as things happen; {@link Counters} is the reading. */
final class Tally {

    final LongAdder transactions = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder unknown = new LongAdder();
    final LongAdder connects = new LongAdder();
    final LongAdder failedConnects = new LongAdder();
    final LongAdder updates = new LongAdder();
    final LongAdder resyncs = new LongAdder();

    Counters read() {
        return new Counters(
                transactions.sum(),
                refused.sum(),
                unknown.sum(),
                connects.sum(),
                failedConnects.sum(),
                updates.sum(),
                resyncs.sum());
    }
}
