package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress.Family;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.neutron.Found.SecurityRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a rule of a security group says, without its id: two that say the same are equal, and Neutron takes only one of them.
 * One of ours is two of Neutron's where it speaks of both families of addresses.
 */
record GroupRule(
        String direction,
        String ethertype,
        @Nullable String protocol,
        @Nullable PortRange ports,
        @Nullable String prefix,
        @Nullable String group) {

    static List<GroupRule> of(Rule rule) {
        List<GroupRule> rules = new ArrayList<>();
        for (Family family : Family.values()) {
            switch (rule.remote()) {
                case Remote.Anyone anyone -> rules.add(of(rule, family, null, null));
                case Remote.Members members -> rules.add(of(rule, family, null, members.backendId()));
                case Remote.Block block -> {
                    if (block.cidr().family() == family) {
                        // To Neutron a block of all addresses is no block.
                        boolean all = block.cidr().prefixLength() == 0;
                        rules.add(of(rule, family, all ? null : block.cidr().toString(), null));
                    }
                }
            }
        }
        return rules;
    }

    /** Everything that comes from there. */
    static GroupRule from(String cidr) {
        Cidr block = Cidr.parse(cidr);
        return new GroupRule("ingress", ethertype(block.family()), null, null, block.toString(), null);
    }

    private static String ethertype(Family family) {
        return family == Family.IPV4 ? "IPv4" : "IPv6";
    }

    private static GroupRule of(Rule rule, Family family, @Nullable String prefix, @Nullable String group) {
        return new GroupRule(
                rule.direction() == Direction.INGRESS ? "ingress" : "egress",
                ethertype(family),
                protocol(rule.protocol(), family),
                rule.ports(),
                prefix,
                group);
    }

    private static @Nullable String protocol(Protocol protocol, Family family) {
        return switch (protocol) {
            case ANY -> null;
            case ICMP -> family == Family.IPV4 ? "icmp" : "ipv6-icmp";
            case TCP, UDP, SCTP -> protocol.name().toLowerCase(Locale.ROOT);
        };
    }

    static GroupRule of(SecurityRule found) {
        Integer first = found.portRangeMin();
        Integer last = found.portRangeMax();
        PortRange ports = null;
        String protocol = found.protocol();
        if (first != null && last != null && first >= 1 && last >= first) {
            ports = new PortRange(first, last);
        } else if (first != null || last != null) {
            // A type of ICMP, say: we make no such rule, and this one equals none of ours.
            protocol = "%s %s %s".formatted(protocol, first, last);
        }
        return new GroupRule(
                found.direction(),
                String.valueOf(found.ethertype()),
                protocol,
                ports,
                found.remoteIpPrefix(),
                found.remoteGroupId());
    }

    Map<String, Object> fields(String groupId) {
        Map<String, Object> fields =
                Body.fields("security_group_id", groupId, "direction", direction, "ethertype", ethertype);
        if (protocol != null) {
            fields.put("protocol", protocol);
        }
        if (ports != null) {
            fields.put("port_range_min", ports.first());
            fields.put("port_range_max", ports.last());
        }
        if (prefix != null) {
            fields.put("remote_ip_prefix", prefix);
        }
        if (group != null) {
            fields.put("remote_group_id", group);
        }
        return fields;
    }
}
