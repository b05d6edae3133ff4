package io.portolan.agent.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class TraceTest {
    @AfterEach
    void clear() {
        MDC.clear();
    }

    @Test
    void aThreadsTraceIsTheOneThatItBeganLastUntilItIsCleared() {
        assertThat(Trace.current()).isEmpty();
        Trace first = Trace.begin();
        assertThat(Trace.current()).contains(first);
        Trace second = Trace.begin();
        assertThat(Trace.current()).contains(second);
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(second.parent()).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
        assertThat(second.text()).isEqualTo(second.id().toString().replace("-", ""));
        MDC.clear();
        assertThat(Trace.current()).isEmpty();
    }

    /** OpenTelemetry takes a trace where the lower half of its id, without its sign, is below that part of all. */
    @Test
    void aTenthOfThemIsTheTenthThatServicesRecord() {
        long bound = Long.MAX_VALUE / 10;
        assertThat(IntStream.range(0, 10_000)
                        .filter(i -> Math.absExact(Trace.begin().id().getLeastSignificantBits()) < bound)
                        .count())
                .isBetween(800L, 1_200L);
    }
}
