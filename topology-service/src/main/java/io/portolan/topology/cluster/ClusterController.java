package io.portolan.topology.cluster;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters")
@Tag(name = "clusters", description = "The unit of addressing: a router, pools, nodes")
class ClusterController {
    private final Clusters clusters;

    ClusterController(Clusters clusters) {
        this.clusters = clusters;
    }

    @Allowed(Role.ADMIN)
    @PutMapping("/{cluster}")
    @Operation(
            operationId = "declareCluster",
            summary = "Declare a cluster, or change what may change; its router and pools follow")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid, not-supported, prefix-too-small")
    @ApiResponse(responseCode = "409", description = "cluster-immutable, cluster-deleting")
    ResponseEntity<ClusterView> declare(@PathVariable ClusterName cluster, @RequestBody ClusterSpec spec) {
        Clusters.Declared declared = clusters.declare(cluster, spec);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(declared.cluster());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "listClusters", summary = "Clusters by name, at most 256 a page")
    ClusterPage list(
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return clusters.page(cursor, limit);
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{cluster}")
    @Operation(
            operationId = "getCluster",
            summary = "One cluster; while it is deleted, stateReason says what that waits for")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    ClusterView one(@PathVariable ClusterName cluster) {
        return clusters.show(cluster);
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping("/{cluster}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "deleteCluster",
            summary = "Take a cluster down: nodes, switches, router, pools; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    void delete(@PathVariable ClusterName cluster, @RequestParam(defaultValue = "false") boolean force) {
        clusters.delete(cluster, force);
    }
}
