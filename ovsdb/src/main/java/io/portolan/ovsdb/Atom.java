package io.portolan.ovsdb;

import java.util.UUID;

/** One of OVSDB's five atomic types, or a reference to a row that is inserted in the same transaction. */
public sealed interface Atom extends Value {

    /** Text that JSON can carry: a character it cannot would cost the connection that others share. */
    record Text(String text) implements Atom {
        public Text {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (pair) {
                    i++;
                } else if (c == 0 || Character.isSurrogate(c)) {
                    throw new IllegalArgumentException(
                            "an OVSDB string holds neither NUL nor half a surrogate pair (at index " + i + ")");
                }
            }
        }

        @Override
        public String toString() {
            return '"' + text + '"';
        }
    }

    record Int(long number) implements Atom {
        @Override
        public String toString() {
            return Long.toString(number);
        }
    }

    /** The server writes 1.0 as 1, which is then read as {@link Int}: compare through {@link Row#real}. */
    record Real(double number) implements Atom {
        public Real {
            if (!Double.isFinite(number)) {
                throw new IllegalArgumentException("an OVSDB real is finite, not " + number);
            }
        }

        @Override
        public String toString() {
            return Double.toString(number);
        }
    }

    record Bool(boolean truth) implements Atom {
        @Override
        public String toString() {
            return Boolean.toString(truth);
        }
    }

    record Id(UUID uuid) implements Atom {
        @Override
        public String toString() {
            return uuid.toString();
        }
    }

    record Named(String name) implements Atom {
        public Named {
            requireIdentifier(name);
        }

        @Override
        public String toString() {
            return "@" + name;
        }
    }

    static Atom of(String text) {
        return new Text(text);
    }

    static Atom of(long number) {
        return new Int(number);
    }

    static Atom of(double number) {
        return new Real(number);
    }

    static Atom of(boolean truth) {
        return new Bool(truth);
    }

    static Atom of(UUID uuid) {
        return new Id(uuid);
    }

    static Atom named(String name) {
        return new Named(name);
    }

    static void requireIdentifier(String name) {
        if (!name.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
            throw new IllegalArgumentException("'" + name + "' is no OVSDB identifier: [a-zA-Z_][a-zA-Z0-9_]*");
        }
    }
}
