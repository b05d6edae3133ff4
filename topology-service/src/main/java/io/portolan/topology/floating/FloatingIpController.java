package io.portolan.topology.floating;

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
@RequestMapping("/v1/clusters/{cluster}/floating-ips")
@Tag(name = "north-south", description = "A cluster's way in and out")
class FloatingIpController {
    private final FloatingIps floatingIps;

    FloatingIpController(FloatingIps floatingIps) {
        this.floatingIps = floatingIps;
    }

    @Allowed({Role.OPERATOR, Role.SERVICE})
    @PutMapping("/{name}")
    @Operation(
            operationId = "declareFloatingIp",
            summary = "Declare a floating address, or let it stand for another pod or for nobody")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, no-gateway")
    @ApiResponse(
            responseCode = "409",
            description =
                    "floating-ip-deleting, floating-ip-immutable, floating-ip-taken, pod-has-floating-ip, port-not-bound, cooldown-too-short")
    @ApiResponse(responseCode = "507", description = "floating-ips-exhausted")
    ResponseEntity<FloatingIpView> declare(
            @PathVariable ClusterName cluster, @PathVariable String name, @RequestBody FloatingIpClaim claim) {
        FloatingIps.Declared declared = floatingIps.declare(cluster, name, claim);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(declared.floatingIp());
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping
    @Operation(operationId = "listFloatingIps", summary = "Floating addresses by name, at most 256 a page")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    FloatingIpPage list(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return floatingIps.page(cluster, cursor, limit);
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping("/{name}")
    @Operation(operationId = "getFloatingIp", summary = "One floating address, and where it leads")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-floating-ip")
    FloatingIpView one(@PathVariable ClusterName cluster, @PathVariable String name) {
        return floatingIps.show(cluster, name);
    }

    @Allowed({Role.OPERATOR, Role.SERVICE})
    @DeleteMapping("/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "deleteFloatingIp",
            summary = "Give a floating address back; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    void delete(@PathVariable ClusterName cluster, @PathVariable String name) {
        floatingIps.delete(cluster, name);
    }
}
