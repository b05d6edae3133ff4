package io.portolan.agent.cache;

import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * In which security profiles this node's ports are. Before anybody asks for a change of a port's profiles they are unknown
 * here, durably; they are known again when the network has confirmed what they are.
 */
public final class PortProfiles {
    private final CacheStore store;

    PortProfiles(CacheStore store) {
        this.store = store;
    }

    /** What security-service said last. */
    public Optional<KnownSecurity> security() {
        return store.view().security();
    }

    /**
     * Keeps what security-service says now.
     *
     * @param anew whether nothing that was known of ports holds any more
     */
    public void keep(KnownSecurity security, boolean anew) {
        store.write(true, change -> {
            change.security(security);
            if (anew) {
                List.copyOf(change.ports().values()).stream()
                        .filter(port -> port.profiles() != null)
                        .forEach(port -> change.update(port.within(null)));
            }
            return true;
        });
    }

    /**
     * These ports are about to be put in other profiles. Durable when it returns.
     *
     * @param still left alone are those that are otherwise by now
     * @return the others, as they were
     */
    public List<CachedPort> unsettle(Collection<PortId> ports, Predicate<CachedPort> still) {
        return store.write(true, change -> {
            List<CachedPort> found = new ArrayList<>();
            for (PortId id : ports) {
                change.port(id).filter(still).ifPresent(port -> {
                    found.add(port);
                    if (port.profiles() != null) {
                        change.update(port.within(null));
                    }
                });
            }
            return found;
        });
    }

    /** The network has confirmed that these ports are in exactly these profiles. */
    public void confirmed(Collection<PortId> ports, Set<ProfileId> profiles) {
        store.write(false, change -> {
            for (PortId id : ports) {
                change.port(id).ifPresent(port -> change.update(port.within(profiles)));
            }
            return true;
        });
    }
}
