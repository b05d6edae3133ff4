package io.portolan.agent.control;

import java.time.Duration;
import java.util.Optional;

/** What became of a call. */
sealed interface Answer<T> {
    /** Whether an earlier try of the same call got no answer, and may be done yet. */
    boolean inDoubt();

    record Given<T>(T body, boolean inDoubt) implements Answer<T> {}

    /**
     * @param problem the last part of the problem's type, or the status where there was none
     * @param detail in words, fit for people
     */
    record Refused<T>(int status, String problem, String detail, Optional<Duration> retryAfter, boolean inDoubt)
            implements Answer<T> {}

    /** No replica answered. */
    record Silence<T>(String why, boolean inDoubt) implements Answer<T> {}
}
