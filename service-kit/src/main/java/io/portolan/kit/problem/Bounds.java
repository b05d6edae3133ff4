package io.portolan.kit.problem;

import io.portolan.model.Malformed;

/** What a request has at most, whatever it asks for; most members have narrower bounds of their own. */
final class Bounds {
    /** Characters of a path variable: names and ids. */
    static final int NAME = 253;

    /** Characters of a query parameter, or of a header that is a parameter. */
    static final int PARAMETER = 1_024;

    /** Characters of a text in a body. */
    static final int TEXT = 2_048;

    /** Elements of a list or members of a map in a body: a node's whole cache. */
    static final int ELEMENTS = 8_192;

    private Bounds() {}

    /** Refuses text that is too long, and what PostgreSQL cannot keep. */
    static String text(String text, int most) {
        if (text.length() > most) {
            throw new Malformed("a text has at most %d characters here".formatted(most));
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\0') {
                throw new Malformed("a text has no character NUL");
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new Malformed("a text has no half of a surrogate pair");
            }
        }
        return text;
    }

    static void elements(int size) {
        if (size > ELEMENTS) {
            throw new Malformed("that has at most %d elements".formatted(ELEMENTS));
        }
    }
}
