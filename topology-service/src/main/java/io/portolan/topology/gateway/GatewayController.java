package io.portolan.topology.gateway;

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
@RequestMapping("/v1/clusters/{cluster}/gateway")
@Tag(name = "north-south", description = "A cluster's way in and out")
class GatewayController {
    private final Gateways gateways;

    GatewayController(Gateways gateways) {
        this.gateways = gateways;
    }

    @Allowed(Role.ADMIN)
    @PutMapping
    @Operation(
            operationId = "declareGateway",
            summary = "Declare the cluster's gateway, or change it; the network follows")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid, not-supported, unknown-node-class")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(
            responseCode = "409",
            description =
                    "cluster-deleting, gateway-deleting, external-address-taken, floating-cidrs-overlap, floating-ip-granted")
    ResponseEntity<GatewayView> declare(@PathVariable ClusterName cluster, @RequestBody GatewayClaim claim) {
        Gateways.Declared declared = gateways.declare(cluster, claim);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(declared.gateway());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "getGateway", summary = "The cluster's gateway")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, no-gateway")
    GatewayView one(@PathVariable ClusterName cluster) {
        return gateways.show(cluster);
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "deleteGateway", summary = "Take the gateway down; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    void delete(@PathVariable ClusterName cluster) {
        gateways.delete(cluster);
    }
}
