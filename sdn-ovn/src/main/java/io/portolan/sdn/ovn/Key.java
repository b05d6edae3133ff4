package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
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
        LOAD_BALANCER("Load_Balancer");

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
     * <p>Those of router ports sort behind all others: northd 23.03 serves a balancer on a router only at the first of its
     * pinned ports by {@code _uuid}, and that must be the gateway's and none of a node's.
     */
    UUID row() {
        return switch (kind) {
            case ROUTER, SWITCH, PORT, LOAD_BALANCER -> id;
            case UPLINK, PIN -> derived();
            case ROUTER_PORT ->
                new UUID(LAST | derived().getMostSignificantBits(), derived().getLeastSignificantBits());
        };
    }

    private UUID derived() {
        return UUID.nameUUIDFromBytes(("portolan:" + this).getBytes(StandardCharsets.UTF_8));
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
