package io.portolan.e2e.demo;

import io.portolan.e2e.stack.Stack;
import java.util.Arrays;
import java.util.Locale;

/**
 * What the demo was told.
 *
 * @param json the checks as JSON on standard output, the words on the other
 * @param up whether it stays
 */
record Options(Stack.Mode mode, boolean json, boolean up) {
    /** A word that the demo does not know; its message is for a person. */
    static final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        Unknown(String message) {
            super(message);
        }
    }

    static Options of(String... words) throws Unknown {
        Stack.Mode mode = Stack.Mode.OVERLAY;
        boolean json = false;
        boolean up = false;
        for (int i = 0; i < words.length; i++) {
            switch (words[i]) {
                case "--json" -> json = true;
                case "--up" -> up = true;
                case "--mode" -> {
                    i++;
                    mode = mode(i < words.length ? words[i] : "nothing");
                }
                default -> {
                    if (!words[i].startsWith("--mode=")) {
                        throw new Unknown(
                                "demo does not know '%s'; it takes --mode MODE and --json".formatted(words[i]));
                    }
                    mode = mode(words[i].substring("--mode=".length()));
                }
            }
        }
        return new Options(mode, json, up);
    }

    private static Stack.Mode mode(String word) throws Unknown {
        return Arrays.stream(Stack.Mode.values())
                .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> new Unknown("the modes are overlay and underlay, not " + word));
    }
}
