package io.portolan.e2e.chaos;

import java.time.Duration;
import java.util.Locale;

/**
 * One thing that happens.
 *
 * @param at since the beginning
 * @param lasts until it is undone
 */
record Fault(Duration at, Kind kind, Victim victim, Duration lasts) {
    /** What happens, and how often of a hundred. */
    enum Kind {
        KILL(72),
        PAUSE(10),
        CUT(6),
        FULL_DISK(6),
        CLOCK(6);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        static Kind drawn(int ofHundred) {
            int rest = ofHundred;
            for (Kind kind : values()) {
                rest -= kind.weight;
                if (rest < 0) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("not of a hundred: " + ofHundred);
        }
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%7.2f s  %-9s %-28s for %.1f s",
                at.toMillis() / 1e3,
                kind,
                victim,
                lasts.toMillis() / 1e3);
    }
}
