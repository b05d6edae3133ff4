package io.portolan.topology.gateway;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.Mode;
import io.portolan.topology.cluster.Cluster;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a gateway can be at all. Each refusal names the member that is at fault. */
final class GatewayRules {
    /** Each watches each by BFD. */
    static final int MOST_CHASSIS = 5;

    private static final int MOST_BLOCKS = 64;
    private static final long MOST_FLOATING = 65_536;

    private GatewayRules() {}

    static void check(GatewayClaim claim, Cluster cluster) {
        if (cluster.mode() == Mode.UNDERLAY) {
            refuse("physicalNetwork", claim.physicalNetwork());
            refuse("vlan", claim.vlan());
            refuse("network", claim.network());
            refuse("address", claim.address());
            refuse("nextHop", claim.nextHop());
            refuse("nodeClass", claim.nodeClass());
            refuse("snatAddress", claim.snatAddress());
            refuse("chassis", claim.chassis().isEmpty() ? null : claim.chassis());
            refuse("noSnatCidrs", claim.noSnatCidrs().isEmpty() ? null : claim.noSnatCidrs());
            refuse("floatingCidrs", claim.floatingCidrs().isEmpty() ? null : claim.floatingCidrs());
            return;
        }
        String physical = required("physicalNetwork", claim.physicalNetwork());
        if (!physical.matches("[!-~&&[^,:]]{1,128}")) {
            throw new Invalid(
                    "physicalNetwork", "a physical network has 1 to 128 visible characters other than ',' and ':'");
        }
        if (claim.vlan() != null) {
            Invalid.unlessBetween("vlan", claim.vlan(), 1, 4_094);
        }
        checkAddresses(claim, cluster);
        checkChassis(claim);
        checkBlocks("noSnatCidrs", claim.noSnatCidrs());
        checkFloating(claim, cluster);
    }

    private static void refuse(String field, @Nullable Object value) {
        if (value != null) {
            throw new GatewayRefused.NotSupported(
                    field, field + " is the cloud's affair in underlay mode: the cluster names its externalNetwork");
        }
    }

    private static <T> T required(String field, @Nullable T value) {
        if (value == null) {
            throw new Invalid(field, field + " is required in overlay mode");
        }
        return value;
    }

    private static void checkAddresses(GatewayClaim claim, Cluster cluster) {
        Cidr network = required("network", claim.network());
        ipv4("network", network);
        if (network.prefixLength() < 8 || network.prefixLength() > 30) {
            throw new Invalid("network", "the network outside is a /8 to a /30, not " + network);
        }
        refuseClusters("network", network, cluster);
        IpAddress address = required("address", claim.address());
        IpAddress nextHop = required("nextHop", claim.nextHop());
        usable("address", address, network);
        usable("nextHop", nextHop, network);
        if (address.equals(nextHop)) {
            throw new Invalid("nextHop", "the router is not its own next hop");
        }
        IpAddress snat = claim.snatAddress();
        if (snat != null) {
            if (!claim.snat()) {
                throw new Invalid("snatAddress", "without snat nobody is seen by it");
            }
            if (snat.equals(nextHop)) {
                throw new Invalid("snatAddress", "that is the next hop's");
            }
            refuseClusters("snatAddress", Cidr.around(snat, snat.family().bits()), cluster);
            if (network.contains(snat)) {
                usable("snatAddress", snat, network);
            } else {
                ipv4("snatAddress", Cidr.around(snat, snat.family().bits()));
            }
        }
    }

    private static void ipv4(String field, Cidr cidr) {
        if (cidr.family() != IpAddress.Family.IPV4) {
            throw new GatewayRefused.NotSupported(field, "%s is IPv6; pods have IPv4 so far".formatted(cidr));
        }
    }

    private static void usable(String field, IpAddress address, Cidr network) {
        if (!network.contains(address) || address.equals(network.address(0)) || address.equals(network.address(-1))) {
            throw new Invalid(field, "%s is no address of a host in %s".formatted(address, network));
        }
    }

    private static void refuseClusters(String field, Cidr block, Cluster cluster) {
        Stream.concat(cluster.podCidrs().stream(), Stream.ofNullable(cluster.serviceCidr()))
                .filter(block::overlaps)
                .findFirst()
                .ifPresent(inside -> {
                    throw new Invalid(field, "%s overlaps the cluster's own %s".formatted(block, inside));
                });
    }

    private static void checkChassis(GatewayClaim claim) {
        boolean named = !claim.chassis().isEmpty();
        if (named == (claim.nodeClass() != null)) {
            throw new Invalid("chassis", "say who can have the gateway: either chassis by name or a nodeClass");
        }
        Invalid.unlessBetween("chassis", claim.chassis().size(), 0, MOST_CHASSIS);
        for (int i = 0; i < claim.chassis().size(); i++) {
            String name = claim.chassis().get(i);
            if (!name.matches("[!-~]{1,255}")) {
                throw new Invalid("chassis[%d]".formatted(i), "a chassis has 1 to 255 visible characters");
            }
        }
        if (new HashSet<>(claim.chassis()).size() < claim.chassis().size()) {
            throw new Invalid("chassis", "one chassis is named twice");
        }
    }

    private static void checkBlocks(String field, List<Cidr> blocks) {
        Invalid.unlessBetween(field, blocks.size(), 0, MOST_BLOCKS);
        for (int i = 0; i < blocks.size(); i++) {
            ipv4("%s[%d]".formatted(field, i), blocks.get(i));
        }
    }

    private static void checkFloating(GatewayClaim claim, Cluster cluster) {
        List<Cidr> blocks = claim.floatingCidrs();
        checkBlocks("floatingCidrs", blocks);
        for (int i = 0; i < blocks.size(); i++) {
            Cidr block = blocks.get(i);
            String field = "floatingCidrs[%d]".formatted(i);
            refuseClusters(field, block, cluster);
            for (IpAddress taken : Stream.of(claim.address(), claim.nextHop(), claim.snatAddress())
                    .flatMap(Stream::ofNullable)
                    .toList()) {
                if (block.contains(taken)) {
                    throw new Invalid(field, "%s holds %s, which is the gateway's".formatted(block, taken));
                }
            }
            if (blocks.subList(0, i).stream().anyMatch(block::overlaps)) {
                throw new Invalid(field, block + " overlaps another one");
            }
        }
        if (blocks.stream().mapToLong(Cidr::size).sum() > MOST_FLOATING) {
            throw new Invalid("floatingCidrs", "these are more than %d addresses".formatted(MOST_FLOATING));
        }
    }
}
