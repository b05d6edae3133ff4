package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One outcome a report, in the order of the request. All of them are settled: none is to be sent again. */
public record ReportAnswer(List<Outcome> outcomes) {
    public ReportAnswer {
        outcomes = List.copyOf(outcomes);
    }

    /**
     * @param applied whether the ledger now says so, by this report or by an earlier one of the same id
     * @param refused why not, in words
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Outcome(
            UUID id, boolean applied, @Nullable String refused) {}
}
