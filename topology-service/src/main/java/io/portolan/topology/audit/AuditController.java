package io.portolan.topology.audit;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.api.CacheReport;
import io.portolan.model.api.CacheReportAnswer;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}")
@Tag(name = "audit", description = "Ledger, network, bindings and nodes' caches, held against each other")
class AuditController {
    private final Audits audits;
    private final Caches caches;

    AuditController(Audits audits, Caches caches) {
        this.audits = audits;
        this.caches = caches;
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/audit")
    @Operation(
            operationId = "auditCluster",
            summary =
                    "Audits the cluster now; with a cursor, the next page of what that found. It answers when the audit is done")
    @ApiResponse(responseCode = "200", description = "What was found, and which parts could not be read")
    @ApiResponse(responseCode = "404", description = "unknown-cluster; with a cursor, no-audit")
    @ApiResponse(responseCode = "503", description = "audit-under-way")
    AuditView audit(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "256") @Min(1) @Max(1_024) int limit) {
        return cursor == null ? audits.audit(cluster, limit) : audits.page(cluster, cursor, limit);
    }

    @Allowed(Role.OPERATOR)
    @PostMapping("/audit/repair")
    @Operation(
            operationId = "repairCluster",
            summary = "Wakes the loops and agents that mend what the last audit found; deletes nothing")
    @ApiResponse(responseCode = "200", description = "Who was woken")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, no-audit")
    AuditView.Repair repair(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String kind,
            @RequestParam(required = false) @Nullable String node) {
        return audits.repair(cluster, kind, node);
    }

    @Allowed(Role.NODE)
    @PutMapping("/nodes/{node}/cache")
    @Operation(
            operationId = "tellCache",
            summary =
                    "What a node's cache holds, told by its agent for audits: a digest, and the ports where they changed")
    @ApiResponse(responseCode = "200", description = "Taken down, or the ports are asked for")
    @ApiResponse(responseCode = "400", description = "invalid")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "stale-epoch")
    CacheReportAnswer cache(
            @PathVariable ClusterName cluster, @PathVariable NodeName node, @RequestBody CacheReport said) {
        return caches.told(cluster, node, said);
    }
}
