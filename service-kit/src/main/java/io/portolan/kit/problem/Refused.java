package io.portolan.kit.problem;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;

/**
 * A request is refused and has changed nothing. Each feature has its own sealed set of these. The slug is the stable part
 * of the problem's type; {@code docs/http.md} says for each what the caller should do.
 */
public abstract class Refused extends RuntimeException {
    static final String TYPE = "urn:portolan:problem:";

    private final HttpStatus status;
    private final String slug;
    private final Map<String, Object> members = new LinkedHashMap<>();
    private @Nullable Duration retryAfter;

    protected Refused(HttpStatus status, String slug, String detail) {
        super(detail, null, false, false);
        this.status = status;
        this.slug = slug;
    }

    /** Names the member of the request that is at fault, as a path such as {@code podCidrs[1]}. */
    protected final void field(String path) {
        member("field", path);
    }

    protected final void member(String name, Object value) {
        members.put(name, value);
    }

    /** When the same request may succeed. */
    protected final void retryAfter(Duration wait) {
        retryAfter = wait;
    }

    public final String slug() {
        return slug;
    }

    public final HttpStatus status() {
        return status;
    }

    @Nullable Duration retryAfter() {
        return retryAfter;
    }

    ProblemDetail problem() {
        ProblemDetail problem = problem(status, slug, String.valueOf(getMessage()));
        members.forEach(problem::setProperty);
        return problem;
    }

    static ProblemDetail problem(HttpStatus status, String slug, String detail) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
        problem.setType(URI.create(TYPE + slug));
        problem.setTitle(title(slug));
        return problem;
    }

    static String title(String slug) {
        String words = slug.replace('-', ' ');
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }
}
