package io.portolan.model.api;

/**
 * What the agent does next.
 *
 * @param known whether the ports of this digest are known; if not, the report is to be sent with its ports
 * @param compare whether the agent is to hold its cache against the ledger now
 */
public record CacheReportAnswer(boolean known, boolean compare) {}
