package io.portolan.security.pool;

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
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/profile-pools")
@Tag(name = "pools", description = "Free ports that wait in a set of profiles")
class PoolController {
    private final Pools pools;

    PoolController(Pools pools) {
        this.pools = pools;
    }

    @Allowed(Role.ADMIN)
    @PutMapping("/{name}")
    @Operation(operationId = "declareProfilePool", summary = "Declare a pool, or change it; the nodes follow")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid, unknown-profile, too-many-profiles, unknown-node-class")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(responseCode = "409", description = "cluster-deleting")
    @ApiResponse(responseCode = "412", description = "stale")
    ResponseEntity<PoolView> declare(
            @PathVariable ClusterName cluster,
            @PathVariable String name,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestBody PoolClaim claim) {
        Pools.Declared declared = pools.declare(cluster, name, claim, ifMatch);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .eTag(declared.tag().value())
                .body(declared.pool());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "listProfilePools", summary = "Pools by name, at most 256 a page")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    PoolView.Page list(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return pools.page(cluster, cursor, limit);
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{name}")
    @Operation(operationId = "getProfilePool", summary = "One pool")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-profile-pool")
    ResponseEntity<PoolView> one(@PathVariable ClusterName cluster, @PathVariable String name) {
        Pool pool = pools.show(cluster, name);
        return ResponseEntity.ok().eTag(pool.tag().value()).body(pool.view());
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping("/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "deleteProfilePool",
            summary = "Delete a pool; its ports are turned over to others by their nodes")
    @ApiResponse(responseCode = "204", description = "Not there (any more)")
    @ApiResponse(responseCode = "412", description = "stale")
    void delete(
            @PathVariable ClusterName cluster,
            @PathVariable String name,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        pools.delete(cluster, name, ifMatch);
    }
}
