package io.portolan.model;

/** A text or number that is no value of the type it was meant for. The message is fit for the caller's eyes. */
public final class Malformed extends IllegalArgumentException {
    public Malformed(String message) {
        super(message);
    }

    static Malformed text(String type, String text, String why) {
        String shown = text.length() <= 80 ? text : text.substring(0, 80) + "…";
        return new Malformed("'%s' is not %s: %s".formatted(shown, type, why));
    }
}
