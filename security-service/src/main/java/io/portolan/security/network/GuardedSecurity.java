package io.portolan.security.network;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnSecurity;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The profiles of one network, whose every call is guarded, the opening of the network included. */
final class GuardedSecurity implements SdnSecurity, AutoCloseable {
    private final Supplier<SdnBackend> opener;
    private final Guard guard;
    private @Nullable SdnBackend opened;
    private boolean closed;

    GuardedSecurity(Supplier<SdnBackend> opener, Guard guard) {
        this.opener = opener;
        this.guard = guard;
    }

    private synchronized SdnBackend opened() {
        SdnBackend now = opened;
        if (closed) {
            throw new Unavailable("this connection was closed");
        }
        if (now == null) {
            now = opener.get();
            opened = now;
        }
        return now;
    }

    private <T> T ask(Function<SdnSecurity, T> question) {
        return guard.call(() -> question.apply(opened().security()));
    }

    /** Asks nobody, and so is answered while the network is left alone. */
    @Override
    public Abilities abilities() {
        return opened().security().abilities();
    }

    @Override
    public Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs) {
        return ask(sdn -> sdn.ensureProfiles(specs));
    }

    @Override
    public String adopt(String group) {
        return ask(sdn -> sdn.adopt(group));
    }

    @Override
    public Set<ProfileId> ownProfiles() {
        return ask(SdnSecurity::ownProfiles);
    }

    @Override
    public void deleteProfile(ProfileId id) {
        ask(sdn -> {
            sdn.deleteProfile(id);
            return true;
        });
    }

    @Override
    public Taken close(Collection<NodeId> nodes) {
        return ask(sdn -> sdn.close(nodes));
    }

    @Override
    public void open() {
        ask(sdn -> {
            sdn.open();
            return true;
        });
    }

    @Override
    public Taken bind(Collection<Binding> bindings) {
        return ask(sdn -> sdn.bind(bindings));
    }

    @Override
    public Map<PortId, Set<String>> bindings(NodeId node) {
        return ask(sdn -> sdn.bindings(node));
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }
}
