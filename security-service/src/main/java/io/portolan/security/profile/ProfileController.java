package io.portolan.security.profile;

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
@RequestMapping("/v1/clusters/{cluster}/security-profiles")
@Tag(name = "profiles", description = "What pods' ports let through")
class ProfileController {
    private final ProfileDeclaring declaring;
    private final Profiles profiles;

    ProfileController(ProfileDeclaring declaring, Profiles profiles) {
        this.declaring = declaring;
        this.profiles = profiles;
    }

    @Allowed(Role.ADMIN)
    @PutMapping("/{name}")
    @Operation(
            operationId = "declareSecurityProfile",
            summary = "Declare a profile, or change it; the network follows, and ports in it are not touched")
    @ApiResponse(responseCode = "201", description = "Declared")
    @ApiResponse(responseCode = "200", description = "It was there; it is as asked now")
    @ApiResponse(
            responseCode = "400",
            description = "invalid, not-supported, rules-contradict, unknown-profile, unknown-group")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(
            responseCode = "409",
            description = "cluster-deleting, profile-deleting, profile-immutable, group-adopted")
    @ApiResponse(responseCode = "412", description = "stale")
    @ApiResponse(responseCode = "503", description = "network-unavailable, where groups have to be looked at")
    ResponseEntity<ProfileView> declare(
            @PathVariable ClusterName cluster,
            @PathVariable String name,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestBody ProfileClaim claim) {
        Profiles.Declared declared = declaring.declare(cluster, name, claim, ifMatch);
        return ResponseEntity.status(declared.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .eTag(declared.tag().value())
                .body(declared.profile());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "listSecurityProfiles", summary = "Profiles by name, at most 256 a page")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    ProfileView.Page list(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return profiles.page(cluster, cursor, limit);
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{name}")
    @Operation(operationId = "getSecurityProfile", summary = "One profile, and whether the network has it")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-profile")
    ResponseEntity<ProfileView> one(@PathVariable ClusterName cluster, @PathVariable String name) {
        Profiles.Shown shown = profiles.show(cluster, name);
        return ResponseEntity.ok().eTag(shown.tag().value()).body(shown.profile());
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{name}/usage")
    @Operation(
            operationId = "getSecurityProfileUsage",
            summary = "Who relies on a profile: ports, nodes, and pods in pages of at most 256")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-profile")
    ProfileUsage usage(
            @PathVariable ClusterName cluster,
            @PathVariable String name,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return profiles.usage(cluster, name, cursor, limit);
    }

    @Allowed(Role.ADMIN)
    @DeleteMapping("/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "deleteSecurityProfile", summary = "Take a profile down; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    @ApiResponse(responseCode = "409", description = "profile-in-use")
    @ApiResponse(responseCode = "412", description = "stale")
    void delete(
            @PathVariable ClusterName cluster,
            @PathVariable String name,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        profiles.delete(cluster, name, ifMatch);
    }
}
