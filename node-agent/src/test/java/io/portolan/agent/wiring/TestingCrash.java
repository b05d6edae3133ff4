package io.portolan.agent.wiring;

import java.util.ArrayList;
import java.util.List;

/** Ends what runs at a step, as a kill would: nobody catches it, and nothing is undone. */
public final class TestingCrash implements Checkpoint {
    /** No exception, so that no undoing code takes it for a failure. */
    public static final class Killed extends Error {
        Killed(String step) {
            super("killed after: " + step);
        }
    }

    private final List<String> passed = new ArrayList<>();
    private int countdown = -1;

    /** After how many more steps; negative for never. */
    public synchronized void after(int steps) {
        passed.clear();
        countdown = steps;
    }

    @Override
    public synchronized void passed(String step) {
        passed.add(step);
        if (countdown > 0 && --countdown == 0) {
            throw new Killed(step);
        }
    }

    /** Since it was last set. */
    public synchronized List<String> steps() {
        return List.copyOf(passed);
    }
}
