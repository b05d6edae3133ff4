package io.portolan.kit.problem;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.client.RestClientResponseException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Another service's no, decoded.
 *
 * @param slug the last part of the problem's type, such as {@code pool-exhausted}
 * @param detail fit for an operator
 */
public record RemoteProblem(int status, String slug, String detail) {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int INSUFFICIENT_STORAGE = 507;

    private record Body(@Nullable String type, @Nullable String detail) {
        private static final Body NONE = new Body(null, null);
    }

    public static RemoteProblem of(RestClientResponseException answer, JsonMapper json) {
        int status = answer.getStatusCode().value();
        Body body = body(answer, json);
        String type = Objects.requireNonNullElse(body.type(), "about:blank");
        return new RemoteProblem(
                status,
                type.substring(type.lastIndexOf(':') + 1),
                Objects.requireNonNullElse(body.detail(), "status " + status));
    }

    private static Body body(RestClientResponseException answer, JsonMapper json) {
        try {
            return json.readValue(answer.getResponseBodyAsByteArray(), Body.class);
        } catch (JacksonException e) {
            return Body.NONE;
        }
    }

    /** Whether the service could not do it now, as against would not. */
    public boolean isFailure() {
        return status == TOO_MANY_REQUESTS || (status >= 500 && status != INSUFFICIENT_STORAGE);
    }
}
