package io.portolan.ipam.network;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.TransitionRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/nodes/{node}")
@Tag(name = "network", description = "What topology-service did in the network")
class NetworkController {
    private final NetworkPorts ports;

    NetworkController(NetworkPorts ports) {
        this.ports = ports;
    }

    @Allowed(Role.SERVICE)
    @PostMapping("/transitions")
    @Operation(
            operationId = "movePorts",
            summary = "Move ports that are in one state to another, at most 4,096 a call",
            description =
                    "planned→provisioning, provisioning→free (with backendId), provisioning→failed and free→failed"
                            + " (with reason), free→provisioning, failed→planned, provisioning→planned;"
                            + " leased→leased, bound→bound and cooling→cooling where the network made it anew under another"
                            + " backendId. Ports in other states are left alone.")
    @ApiResponse(responseCode = "200", description = "Those of the ports named that are in the wanted state now")
    @ApiResponse(responseCode = "400", description = "no-such-transition, invalid")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "backend-id-taken; nothing was moved")
    PortsChanged move(@PathVariable NodeId node, @RequestBody TransitionRequest request) {
        return ports.move(node, request);
    }

    @Allowed(Role.SERVICE)
    @PostMapping("/nestings")
    @Operation(
            operationId = "nestPorts",
            summary = "Give the ports of a node whose VM was replaced their new parent port",
            description =
                    "Each keeps its VLAN tag, or gets a free one where another port of the new parent has it. Free"
                            + " ports become provisioning, until the network has them there.")
    @ApiResponse(responseCode = "200", description = "Those that had another parent; none where all had this one")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    PortsChanged nest(@PathVariable NodeId node) {
        return ports.nest(node);
    }

    @Allowed(Role.SERVICE)
    @PostMapping("/removals")
    @Operation(
            operationId = "removePorts",
            summary = "Forget draining ports that are gone from the network, at most 4,096 a call")
    @ApiResponse(responseCode = "200", description = "Those of the ports named that the node does not have (any more)")
    PortsChanged remove(@PathVariable NodeId node, @RequestBody RemovalRequest request) {
        return ports.remove(node, request);
    }

    @Allowed(Role.SERVICE)
    @PostMapping("/drains")
    @Operation(operationId = "drainNode", summary = "Let all ports of a node drain that nobody holds; with force, all")
    @ApiResponse(responseCode = "200", description = "The node's ports by state, after")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    PortCounts drain(@PathVariable NodeId node, @RequestBody DrainRequest request) {
        return ports.drain(node, request);
    }
}
