package io.portolan.kit.access;

import org.springframework.security.core.AuthenticationException;

/** A token proves nothing. */
sealed class TokenRefused extends AuthenticationException {
    private static final long serialVersionUID = 1;

    TokenRefused(String message, Throwable cause) {
        super(message, cause);
    }

    TokenRefused(String message) {
        super(message);
    }

    /** That is not known, because its issuer's keys are not. */
    static final class Unjudged extends TokenRefused {
        private static final long serialVersionUID = 1;

        Unjudged(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
