package io.portolan.ipam.utilisation;

import io.portolan.ipam.edge.Given;
import io.portolan.ipam.topology.Cluster;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterName;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.UUID;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "utilisation", description = "How much of what is used")
class UtilisationController {
    private static final int MOST = 1_024;
    private static final int LONGEST_NAME = 253;

    private final Topology topology;
    private final UtilisationRepository utilisation;

    UtilisationController(Topology topology, UtilisationRepository utilisation) {
        this.topology = topology;
        this.utilisation = utilisation;
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/v1/clusters/{cluster}/utilisation")
    @Operation(operationId = "getUtilisation", summary = "Ports by state of a cluster and of each of its nodes")
    @ApiResponse(responseCode = "200", description = "The cluster whole, its nodes by pages")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    Utilisation of(
            @PathVariable ClusterName cluster,
            @RequestParam(defaultValue = "") String cursor,
            @RequestParam(defaultValue = "256") @Min(1) @Max(1_024) int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        Given.words("cursor", cursor, LONGEST_NAME);
        Cluster found = topology.cluster(cluster);
        UUID id = found.id().value();
        UtilisationRepository.HeldRow whole = utilisation.ofCluster(id);
        List<Utilisation.OfNode> nodes = utilisation.ofNodes(id, cursor, limit + 1).stream()
                .map(Utilisation.OfNode::of)
                .toList();
        boolean more = nodes.size() > limit;
        List<Utilisation.OfNode> page = more ? nodes.subList(0, limit) : nodes;
        return new Utilisation(
                found.name(),
                whole.counts(),
                Utilisation.Leases.of(whole),
                page,
                more ? page.getLast().name().value() : null);
    }
}
