package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress.Family;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec.Action;
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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a rule of a security group says, without its id: two that say the same are equal, and Neutron takes only one of them.
 * One of ours is two of Neutron's where it speaks of both families of addresses.
 *
 * @param addresses a group of addresses of Neutron's, of which we make none: Neutron 21 takes rules that speak of one, and with
 *     OVN lets everyone through
 */
record GroupRule(
        String direction,
        String ethertype,
        @Nullable String protocol,
        @Nullable PortRange ports,
        @Nullable String prefix,
        @Nullable String group,
        @Nullable String addresses) {
    private static final String INGRESS = "ingress";
    private static final String EGRESS = "egress";

    /** As Neutron calls it. */
    static String word(Direction direction) {
        return direction == Direction.INGRESS ? INGRESS : EGRESS;
    }

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
        return new GroupRule(INGRESS, ethertype(block.family()), null, null, block.toString(), null, null);
    }

    private static String ethertype(Family family) {
        return family == Family.IPV4 ? "IPv4" : "IPv6";
    }

    private static GroupRule of(Rule rule, Family family, @Nullable String prefix, @Nullable String group) {
        return new GroupRule(
                word(rule.direction()),
                ethertype(family),
                protocol(rule.protocol(), family),
                rule.ports(),
                prefix,
                group,
                null);
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
                found.remoteGroupId(),
                found.remoteAddressGroupId());
    }

    /** What a rule of a policy says, of the peers that it speaks of now. */
    static List<GroupRule> of(PolicySpec.Rule rule, @Nullable Set<Cidr> peers) {
        Stream<Remote> remotes =
                peers == null ? Stream.of(new Remote.Anyone()) : peers.stream().map(Remote.Block::new);
        return remotes.flatMap(remote ->
                        of(new Rule(rule.direction(), Action.ALLOW, 0, rule.protocol(), rule.ports(), remote, false))
                                .stream())
                .toList();
    }

    /** Whether it can be said again: types of ICMP, say, cannot. */
    boolean isPlain() {
        return addresses == null && (protocol == null || protocol.indexOf(' ') < 0);
    }

    boolean isOfEveryone() {
        return prefix == null && group == null && addresses == null;
    }

    /** The same of those who are in another group. */
    GroupRule of(String otherGroup) {
        return new GroupRule(direction, ethertype, protocol, ports, null, otherGroup, null);
    }

    /** Whether whatever this lets through, the other one lets through. */
    boolean isWithin(GroupRule other) {
        return direction.equals(other.direction)
                && ethertype.equals(other.ethertype)
                && (other.protocol == null || other.protocol.equals(protocol))
                && (other.ports == null
                        || (ports != null
                                && other.ports.first() <= ports.first()
                                && ports.last() <= other.ports.last()))
                && (other.isOfEveryone()
                        || (other.group != null && other.group.equals(group))
                        || (other.prefix != null
                                && prefix != null
                                && Cidr.parse(other.prefix).contains(Cidr.parse(prefix))));
    }

    /** Whether anything can be let through by both, as far as protocols and ports go. */
    boolean meets(GroupRule other) {
        return direction.equals(other.direction)
                && ethertype.equals(other.ethertype)
                && (protocol == null || other.protocol == null || protocol.equals(other.protocol))
                && (ports == null
                        || other.ports == null
                        || (ports.first() <= other.ports.last() && other.ports.first() <= ports.last()));
    }

    /** Whether those whom both speak of can be said: members of a group that are at certain addresses cannot. */
    boolean canMeet(GroupRule other) {
        return isOfEveryone() || other.isOfEveryone() || (group == null) == (other.group == null);
    }

    /** What both let through, of two that meet and can; empty where that is nothing. */
    Optional<GroupRule> and(GroupRule other) {
        GroupRule narrower = isOfEveryone() ? other : this;
        GroupRule wider = isOfEveryone() ? this : other;
        String at = narrower.prefix;
        if (!wider.isOfEveryone()) {
            if (!Objects.equals(narrower.group, wider.group)) {
                return Optional.empty();
            }
            if (narrower.prefix != null && wider.prefix != null) {
                Cidr one = Cidr.parse(narrower.prefix);
                Cidr two = Cidr.parse(wider.prefix);
                if (!one.overlaps(two)) {
                    return Optional.empty();
                }
                at = one.prefixLength() < two.prefixLength() ? wider.prefix : narrower.prefix;
            }
        }
        PortRange both = ports;
        if (ports == null || other.ports == null) {
            both = ports == null ? other.ports : ports;
        } else {
            both = new PortRange(
                    Math.max(ports.first(), other.ports.first()), Math.min(ports.last(), other.ports.last()));
        }
        return Optional.of(new GroupRule(
                direction, ethertype, protocol == null ? other.protocol : protocol, both, at, narrower.group, null));
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
