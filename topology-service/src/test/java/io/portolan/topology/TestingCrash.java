package io.portolan.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Kills the process, as far as a test can: a side effect happens, its answer is lost, and nothing whatever works
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
    private static String point = "";
    private static boolean armed;
    private static boolean dead;

    private TestingCrash() {}

    /** Records, and unless it is empty kills after the side effect of this name and occurrence, such as {@code POST drains 2}. */
    static synchronized void killAfter(String effect) {
        EFFECTS.clear();
        point = effect;
        armed = true;
        dead = false;
    }

    static synchronized void survive() {
        armed = false;
        dead = false;
    }

    static synchronized boolean happened() {
        return dead;
    }

    /** In order, each with its occurrence, up to the one that killed. */
    static synchronized List<String> effects() {
        return List.copyOf(EFFECTS);
    }

    static <T> T sideEffect(String what, Supplier<T> effect) {
        return isArmed() ? counted(what, effect) : effect.get();
    }

    private static synchronized boolean isArmed() {
        return armed;
    }

    /** One at a time, so that a name and a number mean one place in the run. */
    private static synchronized <T> T counted(String what, Supplier<T> effect) {
        alive(what);
        T result = effect.get();
        String numbered = what + " "
                + (1 + EFFECTS.stream().filter(e -> e.startsWith(what + " ")).count());
        EFFECTS.add(numbered);
        if (numbered.equals(point)) {
            dead = true;
            throw new Killed(numbered);
        }
        return result;
    }

    static synchronized void alive(String where) {
        if (dead) {
            throw new Killed(where);
        }
    }
}
