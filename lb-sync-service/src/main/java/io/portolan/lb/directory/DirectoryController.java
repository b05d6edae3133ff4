package io.portolan.lb.directory;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/port-directory")
@Tag(name = "port directory", description = "Whose port an address behind the cluster's router is")
class DirectoryController {
    private final PortDirectory directory;

    DirectoryController(PortDirectory directory) {
        this.directory = directory;
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{address}")
    @Operation(
            operationId = "lookUpAddress",
            summary = "Who has an address: a pod's port of ours, or somebody else behind the router")
    @ApiResponse(responseCode = "400", description = "invalid")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-address")
    DirectoryEntry one(@PathVariable ClusterName cluster, @PathVariable String address) {
        return directory.lookUp(cluster, parse(address));
    }

    private static IpAddress parse(String address) {
        try {
            return IpAddress.parse(address);
        } catch (Malformed e) {
            throw new Invalid("address", String.valueOf(e.getMessage()));
        }
    }
}
