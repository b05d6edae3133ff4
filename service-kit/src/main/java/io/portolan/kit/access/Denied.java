package io.portolan.kit.access;

import io.portolan.kit.problem.Refused;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.springframework.http.HttpStatus;

/** The request was not looked at. */
abstract sealed class Denied extends Refused {
    private Denied(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    /** Nobody of whom anything is known. */
    static final class Unauthenticated extends Denied {
        Unauthenticated(String detail) {
            super(HttpStatus.UNAUTHORIZED, "unauthenticated", detail);
        }
    }

    /** Somebody who may not. */
    static final class Forbidden extends Denied {
        Forbidden(String detail) {
            super(HttpStatus.FORBIDDEN, "forbidden", detail);
        }

        static Forbidden without(Role... roles) {
            return new Forbidden("only for the role " + names(roles));
        }
    }

    /** Somebody who asks too often. */
    static final class TooMany extends Denied {
        TooMany(Duration wait) {
            super(
                    HttpStatus.TOO_MANY_REQUESTS,
                    "too-many-requests",
                    "that is more than one caller may ask: ask again later");
            retryAfter(wait.plusMillis(999));
        }
    }

    /** Somebody whose token cannot be judged. */
    static final class Unjudged extends Denied {
        Unjudged(String detail) {
            super(HttpStatus.SERVICE_UNAVAILABLE, "issuer-unavailable", detail);
            retryAfter(Duration.ofSeconds(2));
        }
    }

    static String names(Role... roles) {
        return Arrays.stream(roles).map(Role::toString).collect(Collectors.joining(" or "));
    }
}
