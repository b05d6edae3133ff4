package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.model.FloatingIpId;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** What a row of ours stands for. Its text is half of the row's mark; its {@code _uuid} and name follow from it. */
record Key(Kind kind, UUID id) {
    enum Kind {
        ROUTER("Logical_Router"),
        SWITCH("Logical_Switch"),
        /** The switch's port that leads to the router. */
        UPLINK("Logical_Switch_Port"),
        ROUTER_PORT("Logical_Router_Port"),
        /** Binds the router port to the node's chassis. */
        PIN("Gateway_Chassis"),
        PORT("Logical_Switch_Port"),
        LOAD_BALANCER("Load_Balancer"),
        /** The switch between the router and the outside. */
        EXTERNAL_SWITCH("Logical_Switch"),
        /** That switch's port on the chassis' own network. */
        LOCALNET("Logical_Switch_Port"),
        EXTERNAL_UPLINK("Logical_Switch_Port"),
        EXTERNAL_PORT("Logical_Router_Port"),
        /** A chassis that can have the gateway. */
        EXTERNAL_PIN("Gateway_Chassis"),
        ROUTE("Logical_Router_Static_Route"),
        POLICY("Logical_Router_Policy"),
        SNAT("NAT"),
        /** Whom pods meet under their own address. */
        NO_SNAT("Address_Set"),
        FLOATING_IP("NAT"),
        PROFILE("Port_Group"),
        /** What narrows profiles. */
        NETWORK_POLICY("Port_Group"),
        /** Who is at the other end of a policy's rules. */
        POLICY_ADDRESSES("Address_Set"),
        /** What one of a profile's rules says, or of a policy's. */
        RULE("ACL"),
        /** What a node's switch lets pass of ports without a profile. */
        CLOSURE("ACL"),
        /** What holds back those outside that a balancer does not admit. */
        SOURCE_LIMITS("Port_Group");

        private final String table;

        Kind(String table) {
            this.table = table;
        }

        String table() {
            return table;
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final long LAST = 0xffff_ffff_0000_0000L;
    private static final long FIRST = 0x0000_0000_ffff_ffffL;

    static Key router(ClusterId cluster) {
        return new Key(Kind.ROUTER, cluster.value());
    }

    static Key of(Kind kind, NodeId node) {
        return new Key(kind, node.value());
    }

    static Key port(PortId port) {
        return new Key(Kind.PORT, port.value());
    }

    static Key loadBalancer(LoadBalancerId id) {
        return new Key(Kind.LOAD_BALANCER, id.value());
    }

    static Key of(Kind kind, ClusterId cluster) {
        return new Key(kind, cluster.value());
    }

    /** For one of several things of a kind that a cluster has, told apart by a text such as a block of addresses. */
    static Key of(Kind kind, ClusterId cluster, String which) {
        return new Key(kind, derived("portolan:%s/%s".formatted(cluster, which)));
    }

    static Key floatingIp(FloatingIpId id) {
        return new Key(Kind.FLOATING_IP, id.value());
    }

    static Key profile(ProfileId id) {
        return new Key(Kind.PROFILE, id.value());
    }

    static Key policy(ProfileId id) {
        return new Key(Kind.NETWORK_POLICY, id.value());
    }

    /** For one of several things of a kind that hang on the same row. */
    static Key of(Kind kind, Key parent, String which) {
        return new Key(kind, derived("portolan:%s/%s".formatted(parent, which)));
    }

    /** Empty for text that is no key of ours, such as one of a later version. */
    static Optional<Key> parse(String text) {
        int colon = text.indexOf(':');
        for (Kind kind : Kind.values()) {
            if (colon > 0 && kind.word().equals(text.substring(0, colon))) {
                try {
                    return Optional.of(new Key(
                            kind, PortId.parse(text.substring(colon + 1)).value()));
                } catch (Malformed e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    String table() {
        return kind.table();
    }

    /**
     * The {@code _uuid} that the row is inserted with. The rows that operators look up have the ledger's own id.
     *
     * <p>Those of the nodes' router ports sort behind all others, the gateway's before: northd 23.03 serves a balancer on a
     * router only at the first of its pinned ports by {@code _uuid}, and that must be the gateway's.
     */
    UUID row() {
        return switch (kind) {
            case ROUTER,
                    SWITCH,
                    PORT,
                    LOAD_BALANCER,
                    FLOATING_IP,
                    PROFILE,
                    NETWORK_POLICY,
                    POLICY_ADDRESSES,
                    RULE,
                    CLOSURE -> id;
            case UPLINK,
                    PIN,
                    EXTERNAL_SWITCH,
                    LOCALNET,
                    EXTERNAL_UPLINK,
                    EXTERNAL_PIN,
                    ROUTE,
                    POLICY,
                    SNAT,
                    NO_SNAT,
                    SOURCE_LIMITS -> derived();
            case ROUTER_PORT ->
                new UUID(LAST | derived().getMostSignificantBits(), derived().getLeastSignificantBits());
            case EXTERNAL_PORT ->
                new UUID(FIRST & derived().getMostSignificantBits(), derived().getLeastSignificantBits());
        };
    }

    private UUID derived() {
        return derived("portolan:" + this);
    }

    private static UUID derived(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The name in a table where names are unique. */
    String name() {
        return kind == Kind.PORT ? id.toString() : kind.word() + "-" + id;
    }

    @Override
    public String toString() {
        return kind.word() + ":" + id;
    }
}
