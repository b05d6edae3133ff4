package io.portolan.ipam.port;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1")
@Tag(name = "ports", description = "Every address and who has it now")
class PortController {
    private final Ports ports;

    PortController(Ports ports) {
        this.ports = ports;
    }

    @Allowed({Role.VIEWER, Role.SERVICE, Role.NODE})
    @GetMapping("/nodes/{node}/ports")
    @Operation(
            operationId = "listPortsOfNode",
            summary = "The ports of a node in the order of their addresses, at most 1,024 a page")
    PortPage ofNode(
            @PathVariable NodeId node,
            @RequestParam(required = false) @Nullable PortState state,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "256") @Min(1) @Max(1_024) int limit) {
        return ports.ofNode(node, state, cursor, limit);
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping("/clusters/{cluster}/ports")
    @Operation(
            operationId = "listPortsOfCluster",
            summary = "The ports of a cluster in the order of their addresses, at most 1,024 a page")
    PortPage ofCluster(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable PortState state,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "256") @Min(1) @Max(1_024) int limit) {
        return ports.ofCluster(cluster, state, cursor, limit);
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping("/ports/{port}")
    @Operation(operationId = "getPort", summary = "One port")
    PortView one(@PathVariable PortId port) {
        return ports.find(port);
    }
}
