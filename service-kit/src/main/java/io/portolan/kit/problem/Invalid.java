package io.portolan.kit.problem;

import org.springframework.http.HttpStatus;

/** A member of the request has a value that it cannot have, whatever the state of things. */
public final class Invalid extends Refused {
    public Invalid(String field, String detail) {
        super(HttpStatus.BAD_REQUEST, "invalid", detail);
        field(field);
    }

    /** Refuses a number outside its range. */
    public static void unlessBetween(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new Invalid(field, "%s is between %d and %d, not %d".formatted(field, least, most, value));
        }
    }
}
