package io.portolan.kit.access;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.access.LimitsProperties.Rate;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A bucket for each caller, filled at a steady rate; a request takes one from it or is told how long to wait. Callers of one
 * kind who have asked last are remembered, so memory is bounded, and strangers can push out strangers alone.
 */
final class RateLimits {
    static final int MOST_CALLERS = 10_000;

    /** Whom a bucket is for. */
    enum Kind {
        NODE,
        SERVICE,
        PERSON,
        STRANGER
    }

    private final Map<Kind, Buckets> all = new EnumMap<>(Kind.class);
    private final LongSupplier nanoTime;

    RateLimits(LimitsProperties limits, MeterRegistry meters, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        for (Kind kind : Kind.values()) {
            Counter refused = Counter.builder("portolan.http.limited")
                    .description("Requests that were refused because their caller asks too often")
                    .tag("caller", kind.name().toLowerCase(Locale.ROOT))
                    .register(meters);
            all.put(kind, new Buckets(rate(limits, kind), refused));
        }
    }

    private static Rate rate(LimitsProperties limits, Kind kind) {
        return switch (kind) {
            case NODE -> limits.node();
            case SERVICE -> limits.service();
            case PERSON -> limits.person();
            case STRANGER -> limits.stranger();
        };
    }

    private Buckets of(Kind kind) {
        return Objects.requireNonNull(all.get(kind));
    }

    /** @return how long to wait; empty where the request may go on */
    Optional<Duration> take(Kind kind, String identity) {
        return of(kind).take(identity, nanoTime.getAsLong());
    }

    int remembered(Kind kind) {
        return of(kind).size();
    }

    private static final class Buckets {
        private final Rate rate;
        private final Counter refused;

        private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                return size() > MOST_CALLERS;
            }
        };

        private Buckets(Rate rate, Counter refused) {
            this.rate = rate;
            this.refused = refused;
        }

        private synchronized int size() {
            return buckets.size();
        }

        private synchronized Optional<Duration> take(String identity, long now) {
            if (rate.perSecond() == 0) {
                return Optional.empty();
            }
            Bucket bucket = buckets.computeIfAbsent(identity, key -> new Bucket(rate.burst(), now));
            Optional<Duration> wait = bucket.take(rate, now);
            if (wait.isPresent()) {
                refused.increment();
            }
            return wait;
        }
    }

    private static final class Bucket {
        private double left;
        private long at;

        private Bucket(double left, long at) {
            this.left = left;
            this.at = at;
        }

        private Optional<Duration> take(Rate rate, long now) {
            left = Math.min(rate.burst(), left + (now - at) / 1e9 * rate.perSecond());
            at = now;
            if (left >= 1) {
                left--;
                return Optional.empty();
            }
            return Optional.of(Duration.ofNanos((long) ((1 - left) / rate.perSecond() * 1e9)));
        }
    }
}
