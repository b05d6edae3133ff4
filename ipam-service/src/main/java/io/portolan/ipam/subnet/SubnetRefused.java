package io.portolan.ipam.subnet;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.SubnetView;
import org.springframework.http.HttpStatus;

/** Why a node's subnet is not as asked. */
abstract sealed class SubnetRefused extends Refused {
    private SubnetRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class PrefixTooSmall extends SubnetRefused {
        PrefixTooSmall(int prefixLength) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "prefix-too-small",
                    "a /%d has too little room for a node: /%d is the smallest, with 5 ports"
                            .formatted(prefixLength, Subnets.LONGEST));
            field("prefixLength");
        }
    }

    static final class Differs extends SubnetRefused {
        Differs(SubnetView found, int asked) {
            super(
                    HttpStatus.CONFLICT,
                    "subnet-differs",
                    "subnet %d of the node is %s, not a /%d: ask under another ordinal"
                            .formatted(found.ordinal(), found.cidr(), asked));
            field("prefixLength");
            member("cidr", found.cidr().toString());
        }
    }

    static final class NodeDraining extends SubnetRefused {
        NodeDraining(NodeId node) {
            super(
                    HttpStatus.CONFLICT,
                    "node-draining",
                    "node %s is being taken down: it gets no more subnets".formatted(node));
            field("node");
        }
    }

    static final class PoolExhausted extends SubnetRefused {
        PoolExhausted(ClusterId cluster, int prefixLength, long free, String largest) {
            super(
                    HttpStatus.INSUFFICIENT_STORAGE,
                    "pool-exhausted",
                    "no pool of the cluster has a free /%d: %d addresses are free, the largest free block is %s. Declare another pool (PUT /v1/clusters/{cluster}/pools/{pool}), ask for a smaller subnet, or remove nodes"
                            .formatted(prefixLength, free, largest));
            field("prefixLength");
            member("cluster", cluster);
            member("freeAddresses", free);
            member("largestFreeBlock", largest);
        }
    }

    static final class VlanTagsExhausted extends SubnetRefused {
        VlanTagsExhausted(String parent, long needed, long left) {
            super(
                    HttpStatus.INSUFFICIENT_STORAGE,
                    "vlan-tags-exhausted",
                    "parent port %s has %d VLAN tags left, the subnet needs %d: ask for a smaller one or give back another"
                            .formatted(parent, left, needed));
            field("prefixLength");
            member("tagsLeft", left);
        }
    }

    static final class InUse extends SubnetRefused {
        InUse(int ordinal, PortCounts ports) {
            super(
                    HttpStatus.CONFLICT,
                    "subnet-in-use",
                    "subnet %d of the node still has %d ports: drain and remove them first"
                            .formatted(ordinal, ports.all()));
            member("ports", ports);
        }
    }

    static final class Unknown extends SubnetRefused {
        Unknown(NodeId node, int ordinal) {
            super(HttpStatus.NOT_FOUND, "unknown-subnet", "node %s has no subnet %d".formatted(node, ordinal));
            field("ordinal");
        }
    }

    static final class First extends SubnetRefused {
        First(NodeId node) {
            super(
                    HttpStatus.CONFLICT,
                    "first-subnet",
                    "subnet 0 of node %s goes with its node and not before".formatted(node));
            field("ordinal");
        }
    }

    static final class NotOffered extends SubnetRefused {
        NotOffered(SubnetView subnet) {
            super(
                    HttpStatus.CONFLICT,
                    "subnet-not-offered",
                    "subnet %d of the node is live: offer it first, so that the node can give its ports back"
                            .formatted(subnet.ordinal()));
            field("ordinal");
        }
    }

    static final class Held extends SubnetRefused {
        Held(SubnetView subnet, long held) {
            super(
                    HttpStatus.CONFLICT,
                    "subnet-held",
                    held > 0
                            ? "the node has not given back %d ports of subnet %d".formatted(held, subnet.ordinal())
                            : "addresses of subnet %d still rest".formatted(subnet.ordinal()));
            field("ordinal");
            member("held", held);
        }
    }
}
