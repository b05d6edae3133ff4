package io.portolan.security.binding;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.BindingAnswer;
import io.portolan.model.api.BindingRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/nodes/{node}/bindings")
@Tag(name = "nodes", description = "What a node asks")
class BindingController {
    private final Bindings bindings;

    BindingController(Bindings bindings) {
        this.bindings = bindings;
    }

    @Allowed(Role.NODE)
    @PostMapping
    @Operation(
            operationId = "bindPorts",
            summary = "Put ports that the node holds in exactly these profiles, or close them; all of them or none",
            description = "Answers when the network has taken them. May be repeated.")
    @ApiResponse(responseCode = "200", description = "The network has them")
    @ApiResponse(responseCode = "400", description = "invalid, unknown-profile, too-many-profiles")
    @ApiResponse(responseCode = "403", description = "profile-not-allowed")
    @ApiResponse(responseCode = "404", description = "unknown-node, unknown-port")
    @ApiResponse(
            responseCode = "409",
            description =
                    "stale-epoch, security-not-enforced, port-not-held, port-in-other-profiles, profile-not-ready, binding-overtaken, network-…")
    @ApiResponse(
            responseCode = "503",
            description = "network-unavailable: written down, not confirmed; ask the same again after Retry-After")
    BindingAnswer bind(@PathVariable NodeId node, @RequestBody BindingRequest request) {
        return bindings.bind(node, request);
    }
}
