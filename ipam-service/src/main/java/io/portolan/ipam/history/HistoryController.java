package io.portolan.ipam.history;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/addresses/{ip}")
@Tag(name = "addresses", description = "Who has an address, and who had it")
class HistoryController {
    private final History history;

    HistoryController(History history) {
        this.history = history;
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "getAddress", summary = "The port that has the address now")
    @ApiResponse(responseCode = "200", description = "The port")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-address")
    AddressView now(@PathVariable ClusterName cluster, @PathVariable IpAddress ip) {
        return history.now(cluster, ip);
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/history")
    @Operation(
            operationId = "listAddressHistory",
            summary = "Who had the address, the latest first",
            description =
                    "With at: the one change that was in force at that instant, or none. Tells of ports, nodes and"
                            + " subnets that are gone; of a cluster that is gone when asked by the cluster's id.")
    @ApiResponse(responseCode = "200", description = "Events; next is absent on the last page")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    AddressHistory history(
            @Parameter(description = "name, or id of one that is gone") @PathVariable ClusterName cluster,
            @PathVariable IpAddress ip,
            @RequestParam(required = false) @Nullable Instant at,
            @RequestParam(required = false) @Nullable Instant from,
            @RequestParam(required = false) @Nullable Instant to,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "100") @Min(1) @Max(1_024) int limit) {
        if (at == null) {
            return history.between(cluster, ip, from, to, cursor, limit);
        }
        if (from != null || to != null || cursor != null) {
            throw new Invalid("at", "at is one instant: it goes with none of from, to and cursor");
        }
        return history.at(cluster, ip, at);
    }
}
