package io.portolan.model;

import java.util.UUID;
import java.util.regex.Pattern;

/** {@link UUID#fromString} takes {@code 1-1-1-1-1}; an id has one spelling. */
final class Uuids {
    private static final Pattern SPELLING = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private Uuids() {}

    static UUID parse(String text) {
        if (!SPELLING.matcher(text).matches()) {
            throw Malformed.text("an id", text, "write a UUID in lower case");
        }
        return UUID.fromString(text);
    }
}
