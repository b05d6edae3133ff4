package io.portolan.agent.cni;

import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cache.PortPreference;
import io.portolan.agent.cache.PortRequest;
import io.portolan.agent.cache.Taken;
import io.portolan.agent.netlink.NetworkNamespace;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.Rebuilt;
import io.portolan.agent.wiring.Sandbox;
import io.portolan.agent.wiring.Wiring;
import io.portolan.agent.wiring.WiringRefused;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What pods need of the cache and the wiring together: the cache says whose a port is, the wiring where its interface is. */
final class PodPorts {
    static final String OCCUPIED = "something that is in no cache uses it";
    static final String UNTAGGED = "it has no VLAN tag, by which ports are told apart on this node";
    static final String TAG_TAKEN = "another port of the bridge has its VLAN tag";

    /** In an attachment's notes the CNI network that it belongs to. */
    static final String NETWORK = "network";

    private final PortCache cache;
    private final Wiring wiring;
    private final PodSecurity security;
    private final int mtuUntilRegistered;

    PodPorts(PortCache cache, Wiring wiring, PodSecurity security, int mtuUntilRegistered) {
        this.cache = cache;
        this.wiring = wiring;
        this.security = security;
        this.mtuUntilRegistered = mtuUntilRegistered;
    }

    Plug plug(CachedPort port) {
        int mtu = cache.node()
                .registration()
                .map(registration -> registration.settings().mtu())
                .orElse(mtuUntilRegistered);
        return new Plug(port.id(), port.backendId(), port.mac(), port.vlanTag(), port.addresses(), mtu);
    }

    Optional<Plug> plug(Attachment attachment) {
        return cache.port(attachment.port()).map(this::plug);
    }

    static Optional<Sandbox> sandbox(Attachment attachment) {
        return attachment.netns().isEmpty()
                ? Optional.empty()
                : Optional.of(new Sandbox(
                        Path.of(attachment.netns()), attachment.key().networkInterface()));
    }

    /** Whether the sandbox's namespace is gone: then nothing in it can use an address any more. */
    static boolean isDead(Attachment attachment) {
        return sandbox(attachment)
                .filter(sandbox ->
                        NetworkNamespace.identityAt(sandbox.namespace()).isEmpty())
                .isPresent();
    }

    /**
     * The ports that a pod could have now, longest rested first: the order in which the cache gives them. Where they wait in
     * sets, one of each set, then another of each.
     */
    List<Plug> free() {
        Map<Optional<Set<ProfileId>>, Integer> seen = new HashMap<>();
        record Ranked(int round, CachedPort port) {}
        return cache.ports().stream()
                .filter(CachedPort::available)
                .sorted(Comparator.comparing(PodPorts::lastUsed))
                .map(port -> new Ranked(seen.merge(Optional.ofNullable(port.profiles()), 1, Integer::sum), port))
                .sorted(Comparator.comparingInt(Ranked::round))
                .map(ranked -> plug(ranked.port()))
                .toList();
    }

    private static Instant lastUsed(CachedPort port) {
        CachedPort.Released released = port.released();
        return released == null ? Instant.MIN : released.at();
    }

    /** A port for the pod, one that is ready if there is one; never one of those tried before. */
    Optional<Taken> take(PortRequest request, PodArguments wishes, Set<PortId> tried) {
        Set<ProfileId> profiles = request.profiles();
        Map<PortId, Boolean> wires = wiring.wires();
        PortPreference preference = port -> {
            if (tried.contains(port.id()) || !grants(port, wishes)) {
                return PortPreference.UNFIT;
            }
            int suits = profiles == null ? 0 : security.rank(port, profiles);
            if (suits == PortPreference.UNFIT) {
                return PortPreference.UNFIT;
            }
            // To put a port in its profiles takes longer than to wire it.
            Boolean ready = wires.get(port.id());
            return 3 * suits + (ready == null ? 2 : ready ? 0 : 1);
        };
        return cache.take(request, preference);
    }

    static boolean grants(CachedPort port, PodArguments wishes) {
        return wishes.ip()
                        .map(ip -> port.addresses().stream()
                                .anyMatch(address -> address.address().equals(ip)))
                        .orElse(true)
                && wishes.mac().map(port.mac()::equals).orElse(true);
    }

    /** Whether one of this node's ports, free or not, has the address and MAC that were asked for. */
    boolean couldGrant(PodArguments wishes) {
        return cache.ports().stream().anyMatch(port -> port.available() && grants(port, wishes));
    }

    /** Takes the interface from the pod, then lets the port rest; again does no harm. */
    void free(Attachment attachment, Optional<Sandbox> where, Checkpoint checkpoint) {
        detach(attachment, where);
        checkpoint.passed("detached");
        cache.release(attachment.key());
        checkpoint.passed("released");
    }

    void detach(Attachment attachment, Optional<Sandbox> where) {
        plug(attachment).ifPresent(plug -> wiring.detach(plug, where));
    }

    /** Earlier sandboxes of the same pod that no longer live, their interfaces taken down. */
    Set<AttachmentKey> superseded(AttachmentKey key, String podUid) {
        Set<AttachmentKey> dead = new HashSet<>();
        for (Attachment earlier : cache.attachmentsOfPod(podUid)) {
            if (!earlier.key().equals(key) && isDead(earlier)) {
                detach(earlier, sandbox(earlier));
                dead.add(earlier.key());
            }
        }
        return dead;
    }

    /** Makes switch, kernel and cache agree, and frees what no living sandbox has. */
    Rebuilt rebuild() {
        Map<PortId, Sandbox> attached = new HashMap<>();
        for (Attachment attachment : cache.attachments()) {
            attached.put(
                    attachment.port(),
                    // A namespace that nobody named counts as gone when its interface is.
                    sandbox(attachment)
                            .orElseGet(() -> new Sandbox(
                                    Path.of("/nonexistent"), attachment.key().networkInterface())));
        }
        Rebuilt rebuilt = wiring.rebuild(cache.ports().stream().map(this::plug).toList(), attached);
        List<Attachment> dead = cache.attachments().stream()
                .filter(attachment -> rebuilt.dead().contains(attachment.port()))
                .toList();
        dead.forEach(attachment -> cache.release(attachment.key()));
        judge(rebuilt.occupied());
        return rebuilt;
    }

    /** Disputes the ports that no pod can have now, and settles those that a pod could have again. */
    void judge() {
        judge(occupied());
    }

    private void judge(Set<PortId> occupied) {
        Map<PortId, WiringRefused.Reason> obstacles =
                wiring.obstacles(cache.ports().stream().map(this::plug).toList());
        judge(OCCUPIED, occupied);
        judge(UNTAGGED, with(WiringRefused.Reason.UNTAGGED, obstacles));
        judge(TAG_TAKEN, with(WiringRefused.Reason.TAG_TAKEN, obstacles));
    }

    private static Set<PortId> with(WiringRefused.Reason reason, Map<PortId, WiringRefused.Reason> obstacles) {
        return obstacles.entrySet().stream()
                .filter(entry -> entry.getValue() == reason)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private void judge(String why, Set<PortId> concerned) {
        List<PortId> over = cache.ports().stream()
                .filter(port -> why.equals(port.disputed()) && !concerned.contains(port.id()))
                .map(CachedPort::id)
                .toList();
        if (!over.isEmpty()) {
            cache.settle(over, why);
        }
        if (!concerned.isEmpty()) {
            cache.dispute(concerned, why);
        }
    }

    /** Puts right what somebody changed in the switch. */
    void mend() {
        wiring.mend(cache.ports().stream().map(this::plug).toList());
    }

    /** Ports that nobody should have and whose interface is in some namespace all the same. */
    private Set<PortId> occupied() {
        Set<PortId> bound = cache.attachments().stream().map(Attachment::port).collect(Collectors.toSet());
        return wiring.away().stream().filter(port -> !bound.contains(port)).collect(Collectors.toSet());
    }

    /** Whether a port will have cooled within this time, as far as the wall clock tells. */
    boolean coolsWithin(Duration time) {
        Duration cooldown = cache.node()
                .registration()
                .map(registration -> Duration.ofSeconds(registration.settings().cooldownSeconds()))
                .orElse(Duration.ofSeconds(30));
        Instant limit = Instant.now().plus(time);
        return cache.ports().stream()
                .filter(port -> port.state() == CachedPort.State.COOLING && port.disputed() == null)
                .anyMatch(port -> lastUsed(port).plus(cooldown).isBefore(limit));
    }

    PodSecurity security() {
        return security;
    }

    PortCache cache() {
        return cache;
    }

    Wiring wiring() {
        return wiring;
    }

    /** Whether the cache can be changed; says why not. */
    Optional<String> cacheTrouble() {
        try {
            return cache.trouble();
        } catch (CacheUnavailable e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
