package io.portolan.kit.problem;

import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;

/** Counts refusals by slug, of which there is a fixed number, and leaves the answer to others. */
final class RefusalCounter implements HandlerExceptionResolver, Ordered {
    private final MeterRegistry meters;

    RefusalCounter(MeterRegistry meters) {
        this.meters = meters;
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public @Nullable ModelAndView resolveException(
            HttpServletRequest request, HttpServletResponse response, @Nullable Object handler, Exception e) {
        if (e instanceof Refused refused) {
            meters.counter("portolan.refused", "type", refused.slug()).increment();
        }
        return null;
    }
}
