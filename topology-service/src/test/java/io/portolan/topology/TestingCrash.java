package io.portolan.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Kills the process, as far as a test can: the n-th side effect happens, its answer is lost, and nothing whatever works
 * from then on, until {@link #survive}.
 */
final class TestingCrash {
    /** Nobody in the service catches this in order to go on. */
    static final class Killed extends Error {
        Killed(String where) {
            super("killed after " + where, null, false, false);
        }
    }

    private static final List<String> EFFECTS = new ArrayList<>();
    private static int at = Integer.MAX_VALUE;
    private static boolean dead;

    private TestingCrash() {}

    static synchronized void killAfter(int sideEffects) {
        EFFECTS.clear();
        at = sideEffects;
        dead = false;
    }

    static synchronized void survive() {
        at = Integer.MAX_VALUE;
        dead = false;
    }

    static synchronized boolean happened() {
        return dead;
    }

    /** In order, up to the one that killed. */
    static synchronized List<String> effects() {
        return List.copyOf(EFFECTS);
    }

    static <T> T sideEffect(String what, Supplier<T> effect) {
        return armed() ? counted(what, effect) : effect.get();
    }

    private static synchronized boolean armed() {
        return dead || at != Integer.MAX_VALUE;
    }

    /** One at a time, so that a number names one place in the run. */
    private static synchronized <T> T counted(String what, Supplier<T> effect) {
        alive(what);
        T result = effect.get();
        EFFECTS.add(what);
        if (EFFECTS.size() == at) {
            dead = true;
            throw new Killed(what);
        }
        return result;
    }

    static synchronized void alive(String where) {
        if (dead) {
            throw new Killed(where);
        }
    }
}
