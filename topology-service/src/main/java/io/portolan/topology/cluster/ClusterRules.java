package io.portolan.topology.cluster;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.SubnetSizing;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a cluster can be at all, and what of one can change. Each refusal names the member that is at fault. */
final class ClusterRules {
    private static final int MOST_CIDRS = 64;
    private static final int MOST_CLASSES = 64;
    private static final int WIDEST = 8;
    private static final String LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
    private static final List<Cidr> NOBODYS = List.of(
            Cidr.parse("0.0.0.0/8"),
            Cidr.parse("127.0.0.0/8"),
            Cidr.parse("169.254.0.0/16"),
            Cidr.parse("224.0.0.0/3"));

    private ClusterRules() {}

    static void check(ClusterSpec spec) {
        checkAddresses(spec);
        Invalid.unlessBetween("mtu", spec.mtu(), 576, 9_216);
        NodeClass.check("", spec.leaseBatch(), spec.warmHeadroom(), spec.furtherPods(), spec.subnetIdleSeconds());
        spec.nodeClasses()
                .forEach((name, of) -> NodeClass.check(
                        "nodeClasses." + name + ".",
                        of.leaseBatch(),
                        of.warmHeadroom(),
                        of.furtherPods(),
                        of.subnetIdleSeconds()));
        Invalid.unlessBetween("cooldownSeconds", spec.cooldownSeconds(), 0, 86_400);
        Invalid.unlessBetween("nodeClasses", spec.nodeClasses().size(), 0, MOST_CLASSES);
        for (String name : spec.nodeClasses().keySet()) {
            if (!name.matches(LABEL)) {
                throw new Invalid(
                        "nodeClasses." + name,
                        "a node class is called by at most 63 of a-z, 0-9 and - (an RFC 1123 label)");
            }
        }
        if (spec.routerId() != null && !spec.routerId().matches("[\\x21-\\x7e]{1,255}")) {
            throw new Invalid("routerId", "a router's id has 1 to 255 visible characters");
        }
        String secret = spec.backend().secretRef();
        if (secret != null && !secret.matches(LABEL + "(\\." + LABEL + ")*")) {
            throw new Invalid("backend.secretRef", "secretRef is the name of a secret, not a secret");
        }
        if (!spec.backend().endpoints().matches("[\\x21-\\x7e]{1,1024}")) {
            throw new Invalid("backend.endpoints", "endpoints have 1 to 1024 visible characters");
        }
        UnderlayRules.check(spec);
    }

    private static void checkAddresses(ClusterSpec spec) {
        List<Cidr> pods = spec.podCidrs();
        Invalid.unlessBetween("podCidrs", pods.size(), 1, MOST_CIDRS);
        for (int i = 0; i < pods.size(); i++) {
            String field = "podCidrs[%d]".formatted(i);
            checkBlock(field, pods.get(i));
            for (int j = 0; j < i; j++) {
                if (pods.get(i).overlaps(pods.get(j))) {
                    throw new Invalid(field, "%s overlaps podCidrs[%d], %s".formatted(pods.get(i), j, pods.get(j)));
                }
            }
            checkRoom(field, pods.get(i), "sizing", spec.sizing());
            spec.nodeClasses().forEach((name, of) -> {
                SubnetSizing sizing = of.sizing();
                if (pods.stream().allMatch(cidr -> cidr.prefixLength() > smallest(sizing))) {
                    checkRoom(field, pods.getFirst(), "nodeClasses." + name, sizing);
                }
            });
        }
        Cidr services = spec.serviceCidr();
        if (services != null) {
            checkBlock("serviceCidr", services);
            for (int i = 0; i < pods.size(); i++) {
                if (services.overlaps(pods.get(i))) {
                    throw new Invalid(
                            "serviceCidr", "%s overlaps podCidrs[%d], %s".formatted(services, i, pods.get(i)));
                }
            }
        }
    }

    private static void checkBlock(String field, Cidr cidr) {
        if (cidr.family() != IpAddress.Family.IPV4) {
            throw new ClusterRefused.NotSupported(field, "%s is IPv6; pods have IPv4 so far".formatted(cidr));
        }
        if (cidr.prefixLength() < WIDEST) {
            throw new Invalid(field, "%s is more than a /%d".formatted(cidr, WIDEST));
        }
        for (Cidr nobodys : NOBODYS) {
            if (cidr.overlaps(nobodys)) {
                throw new Invalid(field, "%s holds addresses of %s, which no pod can have".formatted(cidr, nobodys));
            }
        }
    }

    private static void checkRoom(String field, Cidr cidr, String sizingField, SubnetSizing sizing) {
        int needed = smallest(sizing);
        if (cidr.prefixLength() > needed) {
            throw new ClusterRefused.PrefixTooSmall(
                    field,
                    "%s has no room for the smallest node, a /%d (%s.minPods is %d)"
                            .formatted(cidr, needed, sizingField, sizing.minPods()));
        }
    }

    private static int smallest(SubnetSizing sizing) {
        return sizing.prefixLength(1, 1, 1);
    }

    /** @param kindBefore of the network, and after */
    static void checkChange(Cluster before, String kindBefore, ClusterSpec after, String kindAfter) {
        if (before.mode() != after.mode()) {
            throw immutable("mode", before.mode().name().toLowerCase(Locale.ROOT));
        }
        if (!kindBefore.equals(kindAfter)) {
            throw immutable("backend.endpoints", "a network of kind " + kindBefore);
        }
        if (!Objects.equals(before.adoptedRouter(), after.routerId())) {
            throw immutable("routerId", Objects.requireNonNullElse(before.adoptedRouter(), "a router of its own"));
        }
        if (!after.podCidrs().containsAll(before.podCidrs())) {
            throw immutable("podCidrs", before.podCidrs() + " and may only get more blocks");
        }
        if (!Objects.equals(before.serviceCidr(), after.serviceCidr())) {
            throw immutable("serviceCidr", orNone(before.serviceCidr()));
        }
        if (before.mtu() != after.mtu()) {
            throw immutable("mtu", Integer.toString(before.mtu()));
        }
    }

    private static String orNone(@Nullable Object value) {
        return value == null ? "none" : value.toString();
    }

    static ClusterRefused immutable(String field, String value) {
        return new ClusterRefused.Immutable(
                field, "%s of a cluster does not change, it is %s: declare another cluster".formatted(field, value));
    }
}
