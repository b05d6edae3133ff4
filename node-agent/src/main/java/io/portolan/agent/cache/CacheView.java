package io.portolan.agent.cache;

import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * All of the cache at one serial.
 *
 * @param row of the one node
 * @param outbox oldest first
 */
record CacheView(
        UUID row,
        long serial,
        NodeRecord node,
        Map<PortId, CachedPort> ports,
        Map<AttachmentKey, Attachment> attachments,
        List<Queued> outbox,
        Optional<KnownSecurity> security) {

    /** A report that waits for its delivery. */
    record Queued(long seq, PortReport report) {}

    CacheCounts counts() {
        Map<CachedPort.State, Integer> of = new EnumMap<>(CachedPort.State.class);
        int available = 0;
        int disputed = 0;
        for (CachedPort port : ports.values()) {
            of.merge(port.state(), 1, Integer::sum);
            available += port.available() ? 1 : 0;
            disputed += port.disputed() == null ? 0 : 1;
        }
        return new CacheCounts(
                available,
                of.getOrDefault(CachedPort.State.BOUND, 0),
                of.getOrDefault(CachedPort.State.COOLING, 0),
                of.getOrDefault(CachedPort.State.RETURNING, 0),
                disputed,
                ports.size(),
                outbox.size());
    }
}
