package io.portolan.security.binding;

import static java.util.stream.Collectors.joining;

import io.portolan.model.ProfileId;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sets of profiles as the ledger's text. */
final class Sets {
    private Sets() {}

    static String text(List<ProfileId> set) {
        return set.stream().map(ProfileId::toString).collect(joining(" "));
    }

    /** Null is no set at all, which is another thing than the empty one. */
    static @Nullable List<ProfileId> parse(@Nullable String text) {
        if (text == null) {
            return null;
        }
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(" ")).map(ProfileId::parse).toList();
    }
}
