package io.portolan.model.api;

import java.util.List;

/** {@code POST /v1/nodes/{node}/reports}: what happened, in order; at most 256 a call. */
public record ReportRequest(long epoch, List<PortReport> reports) {
    public ReportRequest {
        reports = List.copyOf(reports);
    }
}
