package io.portolan.topology.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/** What each of the four says, in a few words; absent where it was not read or says nothing of the kind. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Says(
        @Nullable String ledger,
        @Nullable String network,
        @Nullable String bindings,
        @Nullable String cache) {}
