package io.portolan.ipam.edge;

import io.portolan.kit.problem.Invalid;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Texts of a request that the ledger keeps as they are. */
public final class Given {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.:-]*");

    private Given() {}

    /** Refuses what is no name: container ids, interfaces, names of Kubernetes objects. */
    public static void name(String field, String text, int most) {
        if (text.length() > most || !NAME.matcher(text).matches()) {
            throw new Invalid(
                    field,
                    "%s has 1 to %d of A-Z, a-z, 0-9, _ . : - and begins with none of those four"
                            .formatted(field, most));
        }
    }

    /** Refuses a text that is too long or that PostgreSQL cannot keep. */
    public static void words(String field, @Nullable String text, int most) {
        if (text != null && (text.length() > most || text.indexOf('\0') >= 0)) {
            throw new Invalid(field, "%s has at most %d characters, none of them NUL".formatted(field, most));
        }
    }
}
