package io.portolan.security.enforcement;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
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
@RequestMapping("/v1/clusters/{cluster}/security")
@Tag(name = "security", description = "Whether a cluster's ports are closed unless they are in a profile")
class SecurityController {
    private final Securities securities;

    SecurityController(Securities securities) {
        this.securities = securities;
    }

    @Allowed(Role.ADMIN)
    @PutMapping
    @Operation(
            operationId = "declareSecurity",
            summary = "Close the cluster's ports unless they are in a profile, or change the defaults")
    @ApiResponse(responseCode = "201", description = "Declared; ports are closed when state is ready")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(responseCode = "400", description = "invalid, unknown-profile, too-many-profiles")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(responseCode = "409", description = "cluster-deleting, security-deleting")
    @ApiResponse(responseCode = "412", description = "stale")
    ResponseEntity<SecurityView> declare(
            @PathVariable ClusterName cluster,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestBody SecurityClaim claim) {
        Securities.Declared declared = securities.declare(cluster, claim, ifMatch);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .eTag(declared.tag().value())
                .body(declared.security());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "getSecurity", summary = "How the cluster's security stands")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, no-security")
    ResponseEntity<SecurityView> one(@PathVariable ClusterName cluster) {
        Securities.Declared shown = securities.show(cluster);
        return ResponseEntity.ok().eTag(shown.tag().value()).body(shown.security());
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "deleteSecurity", summary = "Open all ports of the cluster; done when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    @ApiResponse(responseCode = "409", description = "profiles-bound, unless forced")
    @ApiResponse(responseCode = "412", description = "stale")
    void delete(
            @PathVariable ClusterName cluster,
            @RequestParam(defaultValue = "false") boolean force,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        securities.delete(cluster, force, ifMatch);
    }
}
