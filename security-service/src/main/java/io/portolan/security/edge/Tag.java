package io.portolan.security.edge;

import io.portolan.kit.problem.Refused;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/** The entity tag of what a caller declares: another one after every change, and after being deleted and declared again. */
public record Tag(String value) {
    public static Tag of(Instant createdAt, long revision) {
        return new Tag(
                "\"%x-%d\"".formatted(createdAt.getEpochSecond() * 1_000_000 + createdAt.getNano() / 1_000, revision));
    }

    /** Refuses a change of what the caller has not seen last. */
    public static void check(@Nullable String ifMatch, @Nullable Tag current) {
        if (ifMatch == null || (ifMatch.strip().equals("*") && current != null)) {
            return;
        }
        boolean same = current != null
                && Arrays.stream(ifMatch.split(",")).map(String::strip).anyMatch(current.value()::equals);
        if (!same) {
            throw new Stale(current);
        }
    }

    /** It is not as the caller saw it. */
    static final class Stale extends Refused {
        Stale(@Nullable Tag current) {
            super(
                    HttpStatus.PRECONDITION_FAILED,
                    "stale",
                    current == null
                            ? "it is not there (any more)"
                            : "it was changed since: its entity tag is " + current.value());
            field("If-Match");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
