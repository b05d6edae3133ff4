package io.portolan.sdn.neutron;

import io.portolan.model.ClusterId;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What says in {@code description} whose an object is and what it stands for. It is there from the moment the object
 * exists, and Neutron finds by it.
 *
 * <pre>portolan cluster=UUID [node=UUID] KIND=UUID [parent=UUID]</pre>
 *
 * The parent says under which VM's port a port was made to be; it is a hint of where to look first.
 */
record Mark(ClusterId cluster) {
    /** What an object stands for; the comment says whose id it has. */
    enum Kind {
        /** The cluster's. */
        ROUTER,
        /** The node's. */
        NETWORK,
        /** The subnet's. */
        SUBNET,
        /** The subnet's whose gateway it is. */
        GATEWAY,
        PORT,
        /** The node's. */
        TRUNK,
        /** The cluster's: network, subnet and gateway of its Services' addresses. */
        SERVICES,
        /** The balancer's. */
        BALANCER,
        /** The balancer's that it leads to. */
        FLOATING,
        /** The profile's. */
        PROFILE,
        /** The policy's. */
        POLICY,
        /** Of profiles and policies that ports are in together: {@link PortSet#id}. */
        SET,
        /** The cluster's: a group that says that its ports are made closed. */
        CLOSED,
        /** The cluster's: what was {@link #CLOSED}, while ports are opened again. */
        OPENING;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    record Key(Kind kind, NodeId node, UUID id, @Nullable String parent) {}

    private static final String UUID_TEXT = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
    private static final Pattern TEXT =
            Pattern.compile("portolan cluster=%s(?: node=%s)? ([a-z]+)=%s(?: parent=(\\S+))?"
                    .formatted(UUID_TEXT, UUID_TEXT, UUID_TEXT));

    private String text(String rest) {
        return "portolan cluster=%s %s".formatted(cluster, rest);
    }

    String router() {
        return text("router=" + cluster);
    }

    String services() {
        return text("services=" + cluster);
    }

    String balancer(LoadBalancerId balancer) {
        return text("balancer=" + balancer);
    }

    String floating(LoadBalancerId balancer) {
        return text("floating=" + balancer);
    }

    String profile(ProfileId profile) {
        return text("profile=" + profile);
    }

    String policy(ProfileId policy) {
        return text("policy=" + policy);
    }

    String set(PortSet set) {
        return text("set=" + set.id());
    }

    String closed() {
        return text("closed=" + cluster);
    }

    String opening() {
        return text("opening=" + cluster);
    }

    String network(NodeId node) {
        return text("network=" + node);
    }

    String trunk(NodeId node) {
        return text("trunk=" + node);
    }

    String subnet(NodeId node, SubnetId subnet) {
        return text("node=%s subnet=%s".formatted(node, subnet));
    }

    String gateway(NodeId node, SubnetId subnet) {
        return text("node=%s gateway=%s".formatted(node, subnet));
    }

    String port(NodeId node, PortId port, @Nullable String parent) {
        return text("node=%s port=%s%s".formatted(node, port, parent == null ? "" : " parent=" + parent));
    }

    /** What it stands for; empty where it is not the cluster's. */
    Optional<Key> read(Found found) {
        Matcher text = TEXT.matcher(String.valueOf(found.description()));
        if (!text.matches() || !text.group(1).equals(cluster.toString())) {
            return Optional.empty();
        }
        UUID id = UUID.fromString(text.group(4));
        NodeId node = new NodeId(text.group(2) == null ? id : UUID.fromString(text.group(2)));
        for (Kind kind : Kind.values()) {
            if (kind.word().equals(text.group(3))) {
                return Optional.of(new Key(kind, node, id, text.group(5)));
            }
        }
        return Optional.empty();
    }

    Optional<Key> read(Found found, Kind kind) {
        return read(found).filter(key -> key.kind() == kind);
    }

    Optional<Key> read(Found found, Kind kind, NodeId node) {
        return read(found, kind).filter(key -> key.node().equals(node));
    }
}
