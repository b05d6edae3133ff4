package io.portolan.lb.cluster;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
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
@RequestMapping("/v1/clusters/{cluster}/load-balancing")
@Tag(name = "load balancing", description = "Which clusters' Services are watched, and how they are served")
class LoadBalancingController {
    private final LoadBalancings balancings;

    LoadBalancingController(LoadBalancings balancings) {
        this.balancings = balancings;
    }

    @Allowed(Role.ADMIN)
    @PutMapping
    @Operation(
            operationId = "declareLoadBalancing",
            summary = "Watch a cluster's Services, or change how they are served")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid, not-supported")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(
            responseCode = "409",
            description = "load-balancing-deleting, external-address-granted, external-cidrs-overlap")
    ResponseEntity<LoadBalancing> declare(@PathVariable ClusterName cluster, @RequestBody LoadBalancingSpec spec) {
        LoadBalancings.Declared declared = balancings.declare(cluster, spec);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(declared.balancing());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(
            operationId = "getLoadBalancing",
            summary = "How a cluster's Services are served, and whether they are watched")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, no-load-balancing")
    LoadBalancing one(@PathVariable ClusterName cluster) {
        return balancings.show(cluster);
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "deleteLoadBalancing",
            summary = "Delete all load balancers of a cluster and watch it no more; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    void remove(@PathVariable ClusterName cluster) {
        balancings.remove(cluster);
    }
}
