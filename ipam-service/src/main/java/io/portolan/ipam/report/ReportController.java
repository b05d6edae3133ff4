package io.portolan.ipam.report;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "reports", description = "What happened to ports on their node; sent by its agent")
class ReportController {
    private final Reports reports;

    ReportController(Reports reports) {
        this.reports = reports;
    }

    @Allowed(Role.NODE)
    @PostMapping("/v1/nodes/{node}/reports")
    @Operation(
            operationId = "reportPorts",
            summary = "Write down what happened, in order, at most 256 a call",
            description =
                    "Every report is settled by the answer: applied, or refused in words. A batch whose answer was"
                            + " lost is sent again as it was and changes nothing twice.")
    @ApiResponse(responseCode = "200", description = "One outcome a report, in order")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "stale-epoch; nothing was written")
    ReportAnswer settle(@PathVariable NodeId node, @RequestBody ReportRequest request) {
        return reports.settle(node, request);
    }
}
