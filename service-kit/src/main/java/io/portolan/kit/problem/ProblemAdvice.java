package io.portolan.kit.problem;

import io.portolan.model.Malformed;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Objects;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.transaction.TransactionException;
import org.springframework.util.ClassUtils;
import org.springframework.validation.method.ParameterValidationResult;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.MismatchedInputException;

/** The one place where an exception becomes an answer. What nobody foresaw is logged and answered without its inside. */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
final class ProblemAdvice extends ResponseEntityExceptionHandler {
    private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);
    private static final URI BLANK = URI.create("about:blank");
    private static final Duration LEDGER_PATIENCE = Duration.ofSeconds(2);

    @ExceptionHandler
    ResponseEntity<ProblemDetail> refused(Refused refused) {
        return answer(refused.problem(), refused.retryAfter());
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> malformed(Malformed malformed) {
        return answer(Refused.problem(HttpStatus.BAD_REQUEST, "invalid", String.valueOf(malformed.getMessage())), null);
    }

    @ExceptionHandler({InvalidParameterException.class, RequestRejectedException.class})
    ResponseEntity<ProblemDetail> unreadable() {
        return answer(
                Refused.problem(
                        HttpStatus.BAD_REQUEST,
                        "invalid",
                        "a path, a query or a header has what none of them may have"),
                null);
    }

    @ExceptionHandler({DataAccessException.class, TransactionException.class})
    ResponseEntity<ProblemDetail> ledger(RuntimeException e) {
        log.warn("The ledger did not confirm a request", e);
        return answer(
                Refused.problem(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        "ledger-unavailable",
                        "the ledger did not confirm the request, which may have been done or not: ask the same again"),
                LEDGER_PATIENCE);
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> unforeseen(Exception e) {
        log.error("A request failed for a reason that no code foresaw", e);
        return answer(
                Refused.problem(HttpStatus.INTERNAL_SERVER_ERROR, "internal", "an error of ours; the log has it"),
                null);
    }

    @Override
    protected ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof Refused refused) {
                return ResponseEntity.status(refused.status())
                        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                        .body(refused.problem());
            }
        }
        if (e.getCause() instanceof JacksonException json) {
            ProblemDetail problem = Refused.problem(HttpStatus.BAD_REQUEST, "invalid", wordsOf(json));
            String path = pathOf(json);
            if (!path.isEmpty()) {
                problem.setProperty("field", path);
            }
            return ResponseEntity.badRequest()
                    .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                    .body(problem);
        }
        return ResponseEntity.badRequest()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(Refused.problem(HttpStatus.BAD_REQUEST, "invalid", "the request has no readable body"));
    }

    @Override
    protected ResponseEntity<Object> handleTypeMismatch(
            TypeMismatchException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String name = e instanceof MethodArgumentTypeMismatchException argument
                ? argument.getName()
                : Objects.requireNonNullElse(e.getPropertyName(), "?");
        ProblemDetail problem = Refused.problem(
                HttpStatus.BAD_REQUEST,
                "invalid",
                malformedIn(e).orElse("'" + e.getValue() + "' is no value of " + name));
        problem.setProperty("field", name);
        return ResponseEntity.badRequest()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(problem);
    }

    @Override
    protected ResponseEntity<Object> handleHandlerMethodValidationException(
            HandlerMethodValidationException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        ParameterValidationResult first = e.getParameterValidationResults().getFirst();
        String name = Objects.requireNonNullElse(first.getMethodParameter().getParameterName(), "?");
        Invalid refused = new Invalid(
                name, name + " " + first.getResolvableErrors().getFirst().getDefaultMessage());
        return ResponseEntity.badRequest()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(refused.problem());
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleExceptionInternal(
            Exception e, @Nullable Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        Object said = body == null && e instanceof ErrorResponse response ? response.getBody() : body;
        if (said instanceof ProblemDetail problem
                && (problem.getType() == null || problem.getType().equals(BLANK))) {
            HttpStatus known = HttpStatus.valueOf(status.value());
            String slug = known.name().toLowerCase(Locale.ROOT).replace('_', '-');
            return super.handleExceptionInternal(
                    e,
                    Refused.problem(known, slug, Objects.requireNonNullElse(problem.getDetail(), slug)),
                    headers,
                    status,
                    request);
        }
        return super.handleExceptionInternal(e, body, headers, status, request);
    }

    private static ResponseEntity<ProblemDetail> answer(ProblemDetail problem, @Nullable Duration retryAfter) {
        ResponseEntity.BodyBuilder answer =
                ResponseEntity.status(problem.getStatus()).contentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (retryAfter != null) {
            answer.header(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, retryAfter.toSeconds())));
        }
        return answer.body(problem);
    }

    /** In Jackson's words, but for those that name classes: it has them in backticks. */
    private static String wordsOf(JacksonException e) {
        String said = e.getOriginalMessage().lines().findFirst().orElse("`");
        return malformedIn(e).orElse(said.contains("`") ? ownWordsFor(e) : said);
    }

    private static String ownWordsFor(JacksonException e) {
        return switch (e) {
            case MismatchedInputException mismatch -> "that is not " + kindOf(mismatch.getTargetType());
            case DatabindException other -> "that cannot be what is meant here";
            case StreamConstraintsException beyond ->
                "that is longer, or nested deeper, than anything that is read here";
            default -> "not JSON";
        };
    }

    private static String kindOf(@Nullable Class<?> type) {
        if (type == null) {
            return "what is meant here";
        }
        Class<?> boxed = ClassUtils.resolvePrimitiveIfNecessary(type);
        if (Number.class.isAssignableFrom(boxed)) {
            return "a number that fits";
        }
        if (boxed == Boolean.class) {
            return "true or false";
        }
        if (boxed.isEnum()) {
            return "one of the values that the API document names";
        }
        return Collection.class.isAssignableFrom(boxed)
                ? "a list"
                : boxed == String.class ? "text" : "what the API document says";
    }

    private static java.util.Optional<String> malformedIn(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof Malformed malformed) {
                return java.util.Optional.ofNullable(malformed.getMessage());
            }
        }
        return java.util.Optional.empty();
    }

    private static String pathOf(JacksonException e) {
        StringBuilder path = new StringBuilder();
        for (JacksonException.Reference step : e.getPath()) {
            if (step.getPropertyName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
            }
        }
        return path.toString();
    }
}
