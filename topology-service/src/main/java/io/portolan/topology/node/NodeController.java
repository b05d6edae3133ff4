package io.portolan.topology.node;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeView;
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
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/nodes")
@Tag(name = "nodes", description = "Worker nodes: a switch, subnets and ports each")
class NodeController {
    private final Nodes nodes;

    NodeController(Nodes nodes) {
        this.nodes = nodes;
    }

    @Allowed(Role.NODE)
    @PutMapping("/{node}")
    @Operation(
            operationId = "registerNode",
            summary = "Register a node, as its agent does at its start and every few seconds; its ports follow")
    @ApiResponse(responseCode = "201", description = "It joins")
    @ApiResponse(responseCode = "200", description = "It was there; its epoch is higher where the agent is another")
    @ApiResponse(responseCode = "400", description = "invalid, unknown-node-class")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    @ApiResponse(
            responseCode = "409",
            description = "node-identity-conflict, chassis-taken, parent-port-taken, node-draining, cluster-deleting")
    ResponseEntity<NodeView> register(
            @PathVariable ClusterName cluster, @PathVariable NodeName node, @RequestBody NodeRegistration said) {
        Nodes.Registered registered = nodes.register(cluster, node, said);
        return ResponseEntity.status(registered.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(registered.node());
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(operationId = "listNodes", summary = "The nodes of a cluster by name, at most 256 a page")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    NodePage list(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        return nodes.page(cluster, cursor, limit);
    }

    @Allowed({Role.VIEWER, Role.NODE})
    @GetMapping("/{node}")
    @Operation(operationId = "getNode", summary = "One node; while it is removed, stateReason says what that waits for")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-node")
    NodeView one(@PathVariable ClusterName cluster, @PathVariable NodeName node) {
        return nodes.show(cluster, node);
    }

    @Allowed(Role.OPERATOR)
    @PostMapping("/{node}/fence")
    @Operation(
            operationId = "fenceNode",
            summary =
                    "Fence a node that vanished: what its agent says counts no more, and its ports come back when the network has none of them bound")
    @ApiResponse(responseCode = "200", description = "It is fenced; an agent that registers again ends that")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-node")
    @ApiResponse(responseCode = "409", description = "node-alive, node-draining")
    NodeView fence(@PathVariable ClusterName cluster, @PathVariable NodeName node) {
        return nodes.fence(cluster, node);
    }

    @Allowed(Role.OPERATOR)
    @DeleteMapping("/{node}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "deleteNode",
            summary = "Remove a node when its pods are gone, or with force at once; it is gone when GET answers 404")
    @ApiResponse(responseCode = "204", description = "Under way, or not there (any more)")
    void remove(
            @PathVariable ClusterName cluster,
            @PathVariable NodeName node,
            @RequestParam(defaultValue = "false") boolean force) {
        nodes.remove(cluster, node, force);
    }
}
