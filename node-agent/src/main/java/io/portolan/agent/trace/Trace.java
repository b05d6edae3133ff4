package io.portolan.agent.trace;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.MDC;

/**
 * A trace that begins here.
 *
 * @param id of which a UUID is made, so that a report can bear it. All of its bits are random, unlike those of {@link
 *     UUID#randomUUID}: whoever samples by the lower half, as OpenTelemetry does, would never take one of version 4.
 * @param span 16 hexadecimal digits
 */
public record Trace(UUID id, String span) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final HexFormat HEX = HexFormat.of();

    /** As Micrometer names it, so that services and agents have one field. */
    public static final String TRACE_ID = "traceId";

    private static final String SPAN_ID = "spanId";

    /** Until the thread's MDC is cleared, its log lines and calls belong to it. */
    public static Trace begin() {
        // Zero is no id; so is a span's.
        Trace trace =
                new Trace(new UUID(RANDOM.nextLong(), RANDOM.nextLong() | 1), HEX.toHexDigits(RANDOM.nextLong() | 1));
        MDC.put(TRACE_ID, trace.text());
        MDC.put(SPAN_ID, trace.span());
        return trace;
    }

    /** This thread's. */
    public static Optional<Trace> current() {
        String id = MDC.get(TRACE_ID);
        String span = MDC.get(SPAN_ID);
        return id == null || span == null
                ? Optional.empty()
                : Optional.of(new Trace(
                        new UUID(HexFormat.fromHexDigitsToLong(id, 0, 16), HexFormat.fromHexDigitsToLong(id, 16, 32)),
                        span));
    }

    /** 32 hexadecimal digits. */
    public String text() {
        return HEX.toHexDigits(id.getMostSignificantBits()) + HEX.toHexDigits(id.getLeastSignificantBits());
    }

    /** The value of W3C's header. Services decide by the id whether they record it. */
    public String parent() {
        return "00-" + text() + "-" + span + "-01";
    }
}
