package io.portolan.agent.loop;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Growing pauses, each between half and all of its length, so that a thousand agents do not come back at once. */
public final class Backoff {
    private final Duration least;
    private final Duration most;
    private int failures;

    public Backoff(Duration least, Duration most) {
        this.least = least;
        this.most = most;
    }

    public Duration failed() {
        long full = Math.min(least.toMillis() << Math.min(failures, 20), most.toMillis());
        failures++;
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(full / 2, full + 1));
    }

    public void worked() {
        failures = 0;
    }
}
