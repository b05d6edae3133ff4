package io.portolan.networks;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.core.IntervalBiFunction;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.portolan.sdn.SdnFailure;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;

/**
 * Makes one call to a network: retry around circuit breaker around time limit around bulkhead.
 *
 * <p>The bulkhead is innermost, on the thread that makes the call: a call that was given up but has not returned still
 * counts, or a network that hangs would be asked by ever more threads. Only {@code Unavailable} is repeated; a call that
 * was given up is not, because it may still be at work. {@code Refused} is an answer and no failure of the network.
 *
 * <p>What stands between a {@link Callable} and resilience4j, which asks for one, throws what a Callable may throw.
 *
 * @param pressed told of each call that the network could not take
 */
record Guard(
        String name, CircuitBreaker breaker, Retry retry, Bulkhead bulkhead, TimeLimiter limiter, Runnable pressed) {
    /** A network that wants to be left alone for longer than this is: the caller comes back. */
    private static final Duration SHORT = Duration.ofSeconds(5);

    /** Waits for as long as the network says, where that is short. */
    static RetryConfig patient(RetryConfig base) {
        IntervalBiFunction<Object> pause = base.getIntervalBiFunction();
        return RetryConfig.custom()
                .maxAttempts(base.getMaxAttempts())
                .retryOnException(e ->
                        base.getExceptionPredicate().test(e) && retryAfter(e).compareTo(SHORT) <= 0)
                .intervalBiFunction((attempt, either) -> Math.max(
                        pause.apply(attempt, either),
                        either.isLeft() ? retryAfter(either.getLeft()).toMillis() : 0))
                .build();
    }

    private static Duration retryAfter(Throwable e) {
        return e instanceof SdnFailure.Unavailable unavailable
                ? unavailable.retryAfter().orElse(Duration.ZERO)
                : Duration.ZERO;
    }

    <T> T call(Callable<T> call) {
        Callable<T> limited = TimeLimiter.decorateFutureSupplier(limiter, () -> start(call));
        try {
            return Retry.decorateCallable(retry, CircuitBreaker.decorateCallable(breaker, () -> plain(limited)))
                    .call();
        } catch (TimeoutException e) {
            pressed.run();
            throw new SdnFailure.Unavailable(
                    "the network did not answer within %d s"
                            .formatted(limiter.getTimeLimiterConfig()
                                    .getTimeoutDuration()
                                    .toSeconds()),
                    e);
        } catch (CallNotPermittedException e) {
            throw new SdnFailure.Unavailable("the network is left alone for a while: its last calls failed", e);
        } catch (BulkheadFullException e) {
            throw new SdnFailure.Unavailable("too many calls to this network at once", e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new SdnFailure.Unavailable("the call was interrupted: " + e, e);
        }
    }

    private <T> T heeded(Callable<T> call) throws Exception {
        try {
            return call.call();
        } catch (SdnFailure.Unavailable e) {
            pressed.run();
            throw e;
        }
    }

    private <T> FutureTask<T> start(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(Bulkhead.decorateCallable(bulkhead, () -> heeded(call)));
        Thread.ofVirtual().name("call-" + name).start(task);
        return task;
    }

    /** The task's own exception, whatever the future wrapped it in. */
    private static <T> T plain(Callable<T> limited) throws Exception {
        try {
            return limited.call();
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }
}
