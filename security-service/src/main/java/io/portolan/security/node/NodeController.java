package io.portolan.security.node;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.NodeSecurity;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/nodes/{node}/security")
@Tag(name = "nodes", description = "What a node asks")
class NodeController {
    private final Catalogues catalogues;

    NodeController(Catalogues catalogues) {
        this.catalogues = catalogues;
    }

    @Allowed({Role.VIEWER, Role.NODE})
    @GetMapping
    @Operation(
            operationId = "getNodeSecurity",
            summary = "Profiles, defaults and pools, as the node has to know them",
            description = "With an entity tag: If-None-Match answers 304 while nothing has changed.")
    @ApiResponse(responseCode = "200", description = "As it is now")
    @ApiResponse(responseCode = "304", description = "As the node has it")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    ResponseEntity<NodeSecurity> one(@PathVariable NodeId node) {
        NodeSecurity now = catalogues.of(node);
        return ResponseEntity.ok().eTag(Catalogues.tag(now)).body(now);
    }
}
