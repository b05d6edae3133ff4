package io.portolan.kit.log;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Until it is closed, this thread's log lines have these fields; what they were before, they are again. */
public final class About implements AutoCloseable {
    private final Map<String, @Nullable String> before = new LinkedHashMap<>();

    public About(Map<String, String> fields) {
        fields.forEach((name, value) -> {
            before.put(name, MDC.get(name));
            MDC.put(name, value);
        });
    }

    @Override
    public void close() {
        before.forEach((name, value) -> {
            if (value == null) {
                MDC.remove(name);
            } else {
                MDC.put(name, value);
            }
        });
    }
}
