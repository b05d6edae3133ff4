package io.portolan.ipam.subnet;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.model.NodeId;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.SubnetView;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Objects;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/nodes/{node}/subnets")
@Tag(name = "subnets", description = "A node's blocks of addresses; asked for by topology-service")
class SubnetController {
    private final Subnets subnets;

    SubnetController(Subnets subnets) {
        this.subnets = subnets;
    }

    @Allowed(Role.SERVICE)
    @PutMapping("/{ordinal}")
    @Operation(
            operationId = "cutSubnet",
            summary = "Cut a subnet for the node, with a planned port for every usable address, all or nothing",
            description =
                    "With `longest` the largest that there is room for, from `prefixLength` to that; else `prefixLength` or nothing.")
    @ApiResponse(responseCode = "201", description = "Cut")
    @ApiResponse(responseCode = "200", description = "It was there already")
    @ApiResponse(responseCode = "400", description = "prefix-too-small, invalid")
    @ApiResponse(responseCode = "404", description = "unknown-node")
    @ApiResponse(responseCode = "409", description = "subnet-differs, node-draining")
    @ApiResponse(responseCode = "507", description = "pool-exhausted, vlan-tags-exhausted")
    ResponseEntity<SubnetView> cut(
            @PathVariable NodeId node, @PathVariable int ordinal, @RequestBody SubnetRequest request) {
        int prefixLength = request.prefixLength();
        Subnets.Cut cut =
                subnets.cut(node, ordinal, prefixLength, Objects.requireNonNullElse(request.longest(), prefixLength));
        return ResponseEntity.status(cut.made() ? HttpStatus.CREATED : HttpStatus.OK)
                .body(cut.subnet());
    }

    @Allowed({Role.VIEWER, Role.SERVICE})
    @GetMapping
    @Operation(operationId = "listSubnets", summary = "The node's subnets by ordinal")
    List<SubnetView> list(@PathVariable NodeId node) {
        return subnets.of(node);
    }

    @Allowed(Role.SERVICE)
    @DeleteMapping("/{ordinal}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "takeBackSubnet", summary = "Take a subnet back whose ports are all removed")
    @ApiResponse(responseCode = "204", description = "It is not there (any more)")
    @ApiResponse(responseCode = "409", description = "subnet-in-use: it still has ports")
    void takeBack(@PathVariable NodeId node, @PathVariable int ordinal) {
        subnets.takeBack(node, ordinal);
    }

    @Allowed(Role.SERVICE)
    @PutMapping("/{ordinal}/offer")
    @Operation(
            operationId = "offerSubnet",
            summary = "Ask the node to do without a further subnet; it consents by giving back what it holds of it",
            description = "While it is offered, claims take other ports as long as there are some.")
    @ApiResponse(responseCode = "200", description = "Offered, or draining already")
    @ApiResponse(responseCode = "404", description = "unknown-node, unknown-subnet")
    @ApiResponse(responseCode = "409", description = "first-subnet")
    SubnetView offer(@PathVariable NodeId node, @PathVariable int ordinal) {
        return subnets.offer(node, ordinal);
    }

    @Allowed(Role.SERVICE)
    @DeleteMapping("/{ordinal}/offer")
    @Operation(operationId = "withdrawSubnetOffer", summary = "Take the offer back; what drains goes on draining")
    @ApiResponse(responseCode = "200", description = "The subnet as it is now")
    @ApiResponse(responseCode = "404", description = "unknown-node, unknown-subnet")
    SubnetView withdraw(@PathVariable NodeId node, @PathVariable int ordinal) {
        return subnets.withdraw(node, ordinal);
    }

    @Allowed(Role.SERVICE)
    @PostMapping("/{ordinal}/drains")
    @Operation(
            operationId = "drainSubnet",
            summary = "Let an offered subnet go of which the node holds no port any more: all of it or nothing")
    @ApiResponse(responseCode = "200", description = "It drains")
    @ApiResponse(responseCode = "404", description = "unknown-node, unknown-subnet")
    @ApiResponse(
            responseCode = "409",
            description = "subnet-not-offered; subnet-held: the node has not given back all, or addresses rest")
    SubnetView drain(@PathVariable NodeId node, @PathVariable int ordinal) {
        return subnets.drain(node, ordinal);
    }
}
