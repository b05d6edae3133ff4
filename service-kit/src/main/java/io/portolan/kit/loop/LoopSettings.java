package io.portolan.kit.loop;

import java.time.Duration;

/**
 * The pace of a loop.
 *
 * @param workers keys in flight at once
 * @param resync between two looks at all keys
 * @param deadline for one key; longer is stuck
 * @param backoff before a failed key is tried again the first time
 * @param longestBackoff what that doubles up to
 * @param missedResyncs so many periods without one is stuck
 */
public record LoopSettings(
        int workers, Duration resync, Duration deadline, Duration backoff, Duration longestBackoff, int missedResyncs) {
    public static final LoopSettings DEFAULT = new LoopSettings(
            4, Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofMillis(250), Duration.ofSeconds(30), 5);

    public LoopSettings {
        if (workers < 1
                || missedResyncs < 1
                || !positive(resync)
                || !positive(deadline)
                || !positive(backoff)
                || longestBackoff.compareTo(backoff) < 0) {
            throw new IllegalArgumentException("a loop needs a worker and times above zero");
        }
    }

    private static boolean positive(Duration time) {
        return time.isPositive();
    }

    public LoopSettings workers(int other) {
        return new LoopSettings(other, resync, deadline, backoff, longestBackoff, missedResyncs);
    }

    public LoopSettings resync(Duration other) {
        return new LoopSettings(workers, other, deadline, backoff, longestBackoff, missedResyncs);
    }

    public LoopSettings deadline(Duration other) {
        return new LoopSettings(workers, resync, other, backoff, longestBackoff, missedResyncs);
    }
}
