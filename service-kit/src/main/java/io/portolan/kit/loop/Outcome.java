package io.portolan.kit.loop;

import java.time.Duration;

/** How a look at a key ended, other than by an exception. */
public sealed interface Outcome {
    Outcome DONE = new Done();

    static Outcome again(Duration after) {
        return new Again(after);
    }

    static Outcome waiting(String reason) {
        return new Waiting(reason);
    }

    /** All is as it should be. */
    record Done() implements Outcome {}

    /** Progress was made or time must pass: look again after this long, or at a signal before. */
    record Again(Duration after) implements Outcome {
        public Again {
            if (after.isNegative()) {
                throw new IllegalArgumentException("time does not run backwards: " + after);
            }
        }
    }

    /** Somebody else has to do something first; their signal or the timer brings the key back. */
    record Waiting(String reason) implements Outcome {}
}
