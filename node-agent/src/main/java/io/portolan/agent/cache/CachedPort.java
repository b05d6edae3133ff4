package io.portolan.agent.cache;

import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A port that this node holds.
 *
 * @param backendId its {@code iface-id}
 * @param disputed why it must not be handed out although this node holds it; null as a rule
 * @param released when the last pod let go of it, as far as this node knows
 * @param profiles the security profiles that the network has confirmed it to be in, empty when that is none; null while
 *     that is not known
 * @param revision rises with every change on this node
 */
public record CachedPort(
        PortId id,
        SubnetId subnet,
        String backendId,
        MacAddress mac,
        List<PortAddress> addresses,
        @Nullable VlanTag vlanTag,
        State state,
        @Nullable String disputed,
        @Nullable Released released,
        @Nullable Set<ProfileId> profiles,
        long revision) {

    /** The life of a port on its node. */
    public enum State {
        FREE,
        BOUND,
        COOLING,
        /** On its way back to the ledger; never to be used before the ledger has answered. */
        RETURNING;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static State of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }

    /** When a pod let go, by both clocks, and which. */
    public record Released(Instant at, NodeClock.Uptime uptime, AttachmentKey by) {}

    public CachedPort {
        addresses = List.copyOf(addresses);
        profiles = profiles == null ? null : Set.copyOf(profiles);
        if (backendId.isBlank() || addresses.isEmpty()) {
            throw new IllegalArgumentException("port " + id + " has no id in the network, or no address");
        }
    }

    static CachedPort leased(PortView view) {
        String backendId = view.backendId();
        if (backendId == null) {
            throw new IllegalArgumentException("port " + view.id() + " was leased before it was made");
        }
        return new CachedPort(
                view.id(),
                view.subnet(),
                backendId,
                view.mac(),
                view.addresses(),
                view.vlanTag(),
                State.FREE,
                null,
                null,
                null,
                0);
    }

    /** Whether a pod may have it now. */
    public boolean available() {
        return state == State.FREE && disputed == null;
    }

    CachedPort in(State next) {
        return new CachedPort(
                id, subnet, backendId, mac, addresses, vlanTag, next, disputed, released, profiles, revision + 1);
    }

    CachedPort released(Released when) {
        return new CachedPort(
                id, subnet, backendId, mac, addresses, vlanTag, State.COOLING, disputed, when, profiles, revision + 1);
    }

    CachedPort disputed(@Nullable String why) {
        return new CachedPort(
                id, subnet, backendId, mac, addresses, vlanTag, state, why, released, profiles, revision + 1);
    }

    CachedPort within(@Nullable Set<ProfileId> confirmed) {
        return new CachedPort(
                id, subnet, backendId, mac, addresses, vlanTag, state, disputed, released, confirmed, revision + 1);
    }
}
