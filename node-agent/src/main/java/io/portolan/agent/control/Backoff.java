package io.portolan.agent.control;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Growing pauses, each between half and all of its length, so that a thousand agents do not come back at once. */
final class Backoff {
    private final Duration least;
    private final Duration most;
    private int failures;

    Backoff(Duration least, Duration most) {
        this.least = least;
        this.most = most;
    }

    Duration failed() {
        long full = Math.min(least.toMillis() << Math.min(failures, 20), most.toMillis());
        failures++;
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(full / 2, full + 1));
    }

    void worked() {
        failures = 0;
    }
}
