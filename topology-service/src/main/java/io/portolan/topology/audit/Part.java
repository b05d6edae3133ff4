package io.portolan.topology.audit;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One of the parts that are held against the ledger, and how its reading went.
 *
 * @param name {@code network}, {@code bindings} or {@code caches}
 * @param state {@code read}; {@code unreadable}; or {@code absent} where there is nobody to ask
 * @param reason why it was not read
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Part(String name, String state, @Nullable String reason) {
    /** What is held against the ledger. */
    enum Of {
        NETWORK,
        BINDINGS,
        CACHES;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String READ = "read";
    private static final String UNREADABLE = "unreadable";
    private static final String ABSENT = "absent";

    static Part read(Of part) {
        return new Part(part.text(), READ, null);
    }

    static Part unreadable(Of part, @Nullable String why) {
        return new Part(part.text(), UNREADABLE, why);
    }

    static Part absent(Of part, @Nullable String why) {
        return new Part(part.text(), ABSENT, why);
    }

    @JsonIgnore
    boolean isUnreadable() {
        return state.equals(UNREADABLE);
    }

    @JsonIgnore
    boolean isRead() {
        return state.equals(READ);
    }
}
