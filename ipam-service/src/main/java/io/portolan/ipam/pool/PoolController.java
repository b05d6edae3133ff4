package io.portolan.ipam.pool;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.portolan.model.api.PoolRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/pools")
@Tag(name = "pools", description = "Address space of a cluster that subnets are cut from")
class PoolController {
    private final Pools pools;

    PoolController(Pools pools) {
        this.pools = pools;
    }

    @Allowed({Role.ADMIN, Role.SERVICE})
    @PutMapping("/{pool}")
    @Operation(
            operationId = "declarePool",
            summary = "Declare a pool; it lies in one of the cluster's podCidrs and overlaps no other pool of it")
    @ApiResponse(responseCode = "201", description = "Made")
    @ApiResponse(responseCode = "200", description = "It was there already")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(responseCode = "409", description = "pool-differs, pool-overlaps, pool-outside-cluster")
    ResponseEntity<PoolRequest> declare(
            @PathVariable ClusterName cluster, @PathVariable String pool, @RequestBody PoolRequest request) {
        boolean made = pools.declare(cluster, pool, request.cidr());
        return ResponseEntity.status(made ? HttpStatus.CREATED : HttpStatus.OK).body(request);
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping
    @Operation(operationId = "listPools", summary = "The pools of a cluster and how much of each is used")
    List<PoolView> list(@PathVariable ClusterName cluster) {
        return pools.of(cluster);
    }

    @Allowed({Role.ADMIN, Role.SERVICE})
    @DeleteMapping("/{pool}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "deletePool", summary = "Take a pool back")
    @ApiResponse(responseCode = "204", description = "It is not there (any more)")
    @ApiResponse(responseCode = "409", description = "pool-in-use: subnets are cut from it")
    void delete(@PathVariable ClusterName cluster, @PathVariable String pool) {
        pools.delete(cluster, pool);
    }
}
