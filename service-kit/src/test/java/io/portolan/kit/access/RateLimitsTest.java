package io.portolan.kit.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.kit.access.LimitsProperties.Rate;
import io.portolan.kit.access.RateLimits.Kind;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
    private static final Rate NONE = new Rate(null, null);

    private final AtomicLong clock = new AtomicLong();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private RateLimits limits(Rate person, Rate service) {
        return new RateLimits(new LimitsProperties(NONE, service, person, NONE), meters, clock::get);
    }

    @Test
    void aCallerHasItsBurstAndThenItsRateAndNobodyElsesSuffers() {
        RateLimits limits = limits(new Rate(10.0, 3), NONE);
        for (int i = 0; i < 3; i++) {
            assertThat(limits.take(Kind.PERSON, "one")).isEmpty();
        }
        assertThat(limits.take(Kind.PERSON, "one")).contains(Duration.ofMillis(100));
        assertThat(limits.take(Kind.PERSON, "other")).isEmpty();
        assertThat(limits.take(Kind.NODE, "one")).isEmpty();
        clock.addAndGet(Duration.ofMillis(100).toNanos());
        assertThat(limits.take(Kind.PERSON, "one")).isEmpty();
        assertThat(limits.take(Kind.PERSON, "one")).isPresent();
        clock.addAndGet(Duration.ofHours(1).toNanos());
        for (int i = 0; i < 3; i++) {
            assertThat(limits.take(Kind.PERSON, "one")).isEmpty();
        }
        assertThat(limits.take(Kind.PERSON, "one")).isPresent();
        assertThat(meters.get("portolan.http.limited")
                        .tag("caller", "person")
                        .counter()
                        .count())
                .isEqualTo(3);
    }

    @Test
    void aRateOfZeroIsNoLimit() {
        RateLimits limits = limits(NONE, new Rate(0.0, 1));
        for (int i = 0; i < 10_000; i++) {
            assertThat(limits.take(Kind.SERVICE, "one")).isEqualTo(Optional.empty());
        }
    }

    @Test
    void strangersPushOutStrangersAloneAndMemoryIsBounded() {
        RateLimits limits = limits(new Rate(10.0, 1), NONE);
        assertThat(limits.take(Kind.PERSON, "one")).isEmpty();
        for (int i = 0; i < 3 * RateLimits.MOST_CALLERS; i++) {
            assertThat(limits.take(Kind.STRANGER, "address " + i)).isEmpty();
        }
        assertThat(limits.remembered(Kind.STRANGER)).isEqualTo(RateLimits.MOST_CALLERS);
        assertThat(limits.take(Kind.PERSON, "one")).isPresent();
    }

    /** A node of 250 pods that are all exchanged each minute claims, binds, reports and registers far less than this. */
    @Test
    void aBusyNodeIsNeverRefusedByDefault() {
        RateLimits limits = limits(NONE, NONE);
        for (int second = 0; second < 600; second++) {
            clock.addAndGet(Duration.ofSeconds(1).toNanos());
            for (int i = 0; i < 60; i++) {
                assertThat(limits.take(Kind.NODE, "node-1")).isEmpty();
            }
        }
    }
}
