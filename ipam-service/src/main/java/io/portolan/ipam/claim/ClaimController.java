package io.portolan.ipam.claim;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Duration;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/nodes/{node}")
@Tag(name = "claims", description = "Ports go into a node's cache and come back; asked for by the node's agent")
class ClaimController {
    private final Claims claims;
    private final Timer timer;

    ClaimController(Claims claims, MeterRegistry meters) {
        this.claims = claims;
        this.timer = Timer.builder("portolan.ipam.claim")
                .description("Claims, the refused ones too")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(100_000))
                .maximumExpectedValue(Duration.ofSeconds(10))
                .register(meters);
    }

    @Allowed(Role.NODE)
    @PostMapping("/claims")
    @Operation(
            operationId = "claimPorts",
            summary = "Lease up to count free ports; the same claim again gets the same ports")
    @ApiResponse(responseCode = "200", description = "At least one port, at most as many as asked")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "stale-epoch; member epoch has the current one")
    @ApiResponse(responseCode = "503", description = "node-not-ready; ports may yet come, ask again after Retry-After")
    @ApiResponse(responseCode = "507", description = "no-free-port; all are taken")
    ClaimAnswer claim(@PathVariable NodeId node, @RequestBody ClaimRequest request) {
        Timer.Sample sample = Timer.start();
        try {
            return claims.claim(node, request);
        } finally {
            sample.stop(timer);
        }
    }

    @Allowed(Role.NODE)
    @PostMapping("/releases")
    @Operation(operationId = "releasePorts", summary = "Give unused ports back; those that a pod has are kept")
    @ApiResponse(responseCode = "200", description = "Those that the node no longer holds")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "stale-epoch")
    ReleaseAnswer release(@PathVariable NodeId node, @RequestBody ReleaseRequest request) {
        return claims.release(node, request);
    }
}
