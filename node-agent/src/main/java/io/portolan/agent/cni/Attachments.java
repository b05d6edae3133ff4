package io.portolan.agent.cni;

import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.CacheCounts;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortRequest;
import io.portolan.agent.cache.Taken;
import io.portolan.agent.netlink.NamespaceRefused;
import io.portolan.agent.netlink.NetworkNamespace;
import io.portolan.agent.security.ProfilesRefused;
import io.portolan.agent.trace.Trace;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.Sandbox;
import io.portolan.agent.wiring.WiringRefused;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * ADD, DEL, CHECK and STATUS. The package says in which order things happen and what a crash leaves.
 *
 * <p>Longer than most: the commands share the turns of a sandbox, and ADD's undoing must be read beside its doing.
 */
final class Attachments {
    /** An ADD's result. */
    record Added(io.portolan.agent.wiring.Attachment attachment, Plug plug, boolean warm) {}

    /** How many ports that turn out to be unusable an ADD puts aside before it gives up. */
    private static final int TRIES = 3;

    private static final Duration GLANCE = Duration.ofMillis(50);

    private final PodPorts ports;
    private final PortSupply supply;
    private final CniProperties settings;
    private final Checkpoint checkpoint;
    private final Turns turns = new Turns();

    Attachments(PodPorts ports, PortSupply supply, CniProperties settings, Checkpoint checkpoint) {
        this.ports = ports;
        this.supply = supply;
        this.settings = settings;
        this.checkpoint = checkpoint;
    }

    Added add(CniRequest request) {
        AttachmentKey key = key(request);
        return turns.inTurn(podTurn(request), () -> turns.inTurn(sandboxTurn(key), () -> add(request, key)));
    }

    private Added add(CniRequest request, AttachmentKey key) {
        Sandbox sandbox = new Sandbox(request.namespace().orElseThrow(), request.interfaceName());
        supply.fenced().ifPresent(why -> {
            throw CniError.TRY_AGAIN_LATER.because("this node agent is fenced: " + why);
        });
        requireNamespace(sandbox);
        requireNoOther(key, sandbox);
        Optional<PodRef> pod = request.arguments().pod();
        Set<ProfileId> profiles = ports.security().wanted(pod.orElse(null)).orElse(null);
        Set<AttachmentKey> superseded =
                pod.map(PodRef::uid).map(uid -> ports.superseded(key, uid)).orElse(Set.of());
        checkpoint.passed("earlier sandboxes taken down");
        PortRequest wanted = new PortRequest(
                key,
                sandbox.namespace().toString(),
                pod.orElse(null),
                superseded,
                profiles,
                Map.of(PodPorts.NETWORK, request.config().name()),
                Trace.current().map(Trace::id).orElseGet(UUID::randomUUID));
        return attach(wanted, request.arguments(), sandbox);
    }

    private static void requireNamespace(Sandbox sandbox) {
        try {
            NetworkNamespace.open(sandbox.namespace()).close();
        } catch (NamespaceRefused e) {
            throw CniError.INVALID_ENVIRONMENT.because("CNI_NETNS: " + e.getMessage());
        }
    }

    /** A runtime that reuses a container's id for another namespace has lost the first one, if that is gone. */
    private void requireNoOther(AttachmentKey key, Sandbox sandbox) {
        Attachment known = ports.cache().attachment(key).orElse(null);
        if (known == null || known.netns().equals(sandbox.namespace().toString())) {
            return;
        }
        if (!PodPorts.isDead(known)) {
            throw CniError.INVALID_ENVIRONMENT.because("CNI_NETNS: container %s has %s in another namespace, %s"
                    .formatted(key.sandbox(), key.networkInterface(), known.netns()));
        }
        ports.free(known, PodPorts.sandbox(known), checkpoint);
    }

    private Added attach(PortRequest first, PodArguments wishes, Sandbox sandbox) {
        PortRequest wanted = first;
        Set<PortId> tried = new HashSet<>();
        while (true) {
            Taken taken = take(wanted, wishes, tried);
            checkpoint.passed("port taken");
            Plug plug = ports.plug(taken.port());
            MDC.put("port", plug.port().toString());
            boolean ready = ports.wiring().isReady(plug.port());
            try {
                boolean warm = secure(taken, wanted) && ready;
                io.portolan.agent.wiring.Attachment made = ports.wiring().attach(plug, sandbox);
                checkpoint.passed("attached");
                return new Added(made, plug, warm);
            } catch (RuntimeException e) {
                undo(taken, sandbox, e);
                tried.add(plug.port());
                if (!anotherMayDo(e) || tried.size() >= TRIES) {
                    throw e;
                }
                ports.judge();
                wanted = wanted.again();
            }
        }
    }

    /** Whether there was nothing to do. Nothing is plugged before. */
    private boolean secure(Taken taken, PortRequest wanted) {
        Set<ProfileId> profiles = wanted.profiles();
        try {
            return profiles == null || ports.security().secure(taken, profiles, checkpoint);
        } catch (ProfilesRefused e) {
            ports.security().refused(wanted.pod(), String.valueOf(e.getMessage()));
            throw e;
        }
    }

    /** Puts a running pod's port in the profiles that the pod has by now, where they are others. */
    void rebind(Attachment seen) {
        turns.inTurn(sandboxTurn(seen.key()), () -> {
            UUID row = seen.row();
            ports.cache()
                    .attachment(seen.key())
                    .filter(now -> now.row().equals(row))
                    .flatMap(now -> ports.cache().port(now.port()))
                    .ifPresent(port -> ports.security()
                            .remembered(seen.pod())
                            .filter(profiles -> !profiles.equals(port.profiles()))
                            .ifPresent(profiles -> rebind(port, profiles, seen.pod())));
            return seen;
        });
    }

    private void rebind(CachedPort port, Set<ProfileId> profiles, @Nullable PodRef pod) {
        try {
            ports.security().rebind(port, profiles, pod);
        } catch (ProfilesRefused e) {
            ports.security().refused(pod, e.getMessage() + "; the running pod's port stays closed");
            throw e;
        }
    }

    private static boolean anotherMayDo(RuntimeException e) {
        return e instanceof WiringRefused refused && refused.concernsThePort();
    }

    private static boolean isOccupied(RuntimeException e) {
        return e instanceof WiringRefused refused && refused.reason() == WiringRefused.Reason.OCCUPIED;
    }

    /** What an earlier ADD gave is not taken away because a later one of the same sandbox failed. */
    private void undo(Taken taken, Sandbox sandbox, RuntimeException cause) {
        if (taken.repeated()) {
            return;
        }
        try {
            if (!isOccupied(cause)) {
                ports.detach(taken.attachment(), Optional.of(sandbox));
            }
            ports.cache().release(taken.attachment().key());
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private Taken take(PortRequest wanted, PodArguments wishes, Set<PortId> tried) {
        boolean fixed = wishes.ip().isPresent() || wishes.mac().isPresent();
        long end = System.nanoTime() + settings.addTimeout().toNanos();
        while (true) {
            Optional<Taken> taken = ports.take(wanted, wishes, tried);
            if (taken.isPresent()) {
                if (!PodPorts.grants(taken.get().port(), wishes)) {
                    throw CniError.ADDRESS_NOT_FREE.because(
                            "CNI_ARGS: the container has %s already, not the IP or MAC that is asked for"
                                    .formatted(taken.get()
                                            .port()
                                            .addresses()
                                            .getFirst()
                                            .address()));
                }
                return taken.get();
            }
            if (fixed && !ports.couldGrant(wishes)) {
                throw CniError.ADDRESS_NOT_FREE.because(
                        "CNI_ARGS: the IP or MAC that is asked for is no free port of this node");
            }
            supply.wanted();
            if (System.nanoTime() >= end || !awaitFree(end)) {
                throw CniError.TRY_AGAIN_LATER.because(
                        exhausted(), supply.trouble().orElse(""));
            }
        }
    }

    /** False when the time was up or the agent stops. */
    private boolean awaitFree(long end) {
        try {
            while (System.nanoTime() < end) {
                Thread.sleep(GLANCE);
                if (ports.cache().counts().free() > 0) {
                    return true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private String exhausted() {
        CacheCounts counts = ports.cache().counts();
        return "no port is free on this node: %d are in use, %d cool down, %d are disputed, of %d%s"
                .formatted(
                        counts.bound(),
                        counts.cooling(),
                        counts.disputed(),
                        counts.all(),
                        supply.trouble()
                                .map(said -> "; the control plane: " + said)
                                .orElse(""));
    }

    /** @return whether there was something to release */
    boolean del(CniRequest request) {
        AttachmentKey key = key(request);
        return turns.inTurn(sandboxTurn(key), () -> {
            Optional<Attachment> known = ports.cache().attachment(key);
            known.ifPresent(attachment -> release(attachment, request));
            return known.isPresent();
        });
    }

    private void release(Attachment attachment, CniRequest request) {
        Optional<Sandbox> told = request.namespace().map(path -> new Sandbox(path, request.interfaceName()));
        // The second DEL of containerd names no namespace, and a queued one may name one that is another's by now.
        ports.free(attachment, PodPorts.sandbox(attachment).or(() -> told), checkpoint);
        ports.cache()
                .port(attachment.port())
                .map(CachedPort::backendId)
                .ifPresent(backendId ->
                        Thread.startVirtualThread(() -> ports.wiring().flushConnections(backendId)));
    }

    /** Releases one attachment for GC, if it is still the same one and the condition holds when nobody else is at it. */
    boolean collect(Attachment seen, Predicate<Attachment> condition) {
        return turns.inTurn(sandboxTurn(seen.key()), () -> {
            UUID row = seen.row();
            Optional<Attachment> now = ports.cache()
                    .attachment(seen.key())
                    .filter(attachment -> attachment.row().equals(row))
                    .filter(condition);
            now.ifPresent(attachment -> ports.free(attachment, PodPorts.sandbox(attachment), checkpoint));
            return now.isPresent();
        });
    }

    void check(CniRequest request) {
        AttachmentKey key = key(request);
        ObjectNode previous = request.config()
                .prevResult()
                .orElseThrow(() -> CniError.INVALID_NETWORK_CONFIG.because(
                        "prevResult in the network configuration: it is missing"));
        List<String> found = turns.inTurn(sandboxTurn(key), () -> differences(request, key, previous));
        if (!found.isEmpty()) {
            throw CniError.DIFFERENT.because(
                    "%s of container %s is not as ADD left it".formatted(key.networkInterface(), key.sandbox()),
                    String.join("; ", found));
        }
    }

    private List<String> differences(CniRequest request, AttachmentKey key, ObjectNode previous) {
        Attachment attachment = ports.cache()
                .attachment(key)
                .orElseThrow(() -> CniError.UNKNOWN_CONTAINER.because(
                        "container %s has no port for %s".formatted(key.sandbox(), key.networkInterface())));
        Sandbox sandbox = new Sandbox(request.namespace().orElseThrow(), request.interfaceName());
        requireNamespace(sandbox);
        Plug plug = ports.plug(attachment)
                .orElseThrow(() -> CniError.DIFFERENT.because("port %s left the cache".formatted(attachment.port())));
        return differences(previous, plug, sandbox);
    }

    private List<String> differences(ObjectNode previous, Plug plug, Sandbox sandbox) {
        List<String> found = new ArrayList<>(ports.wiring().differences(plug, sandbox));
        Set<String> told = new HashSet<>();
        for (JsonNode ip : previous.path("ips").values()) {
            told.add(ip.path("address").asString(""));
        }
        plug.addresses().stream()
                .map(address -> address.address() + "/" + address.prefixLength())
                .filter(address -> !told.contains(address))
                .forEach(address -> found.add("prevResult lacks address " + address));
        boolean mac = previous.path("interfaces")
                .valueStream()
                .anyMatch(one -> one.path("name").asString("").equals(sandbox.interfaceName())
                        && one.path("mac")
                                .asString("")
                                .equalsIgnoreCase(plug.mac().toString()));
        if (!mac) {
            found.add("prevResult has no interface %s with MAC %s".formatted(sandbox.interfaceName(), plug.mac()));
        }
        return found;
    }

    /** Refuses when an ADD that came now could not be served. */
    void status() {
        ports.wiring().trouble().ifPresent(trouble -> {
            throw CniError.LIMITED_CONNECTIVITY.because(trouble);
        });
        supply.fenced().ifPresent(why -> {
            throw CniError.NOT_AVAILABLE.because("this node agent is fenced: " + why);
        });
        ports.cacheTrouble().ifPresent(trouble -> {
            throw CniError.NOT_AVAILABLE.because("the node's port cache cannot be used: " + trouble);
        });
        try {
            if (ports.cache().counts().free() == 0 && !ports.coolsWithin(settings.addTimeout())) {
                supply.wanted();
                throw CniError.NOT_AVAILABLE.because(exhausted());
            }
        } catch (CacheUnavailable e) {
            throw CniError.NOT_AVAILABLE.because("the node's port cache cannot be used: " + e.getMessage());
        }
    }

    private static AttachmentKey key(CniRequest request) {
        return new AttachmentKey(request.containerId(), request.interfaceName());
    }

    private static String sandboxTurn(AttachmentKey key) {
        return "sandbox " + key;
    }

    private static String podTurn(CniRequest request) {
        return request.arguments()
                .pod()
                .map(pod -> "pod " + pod.namespace() + "/" + pod.name())
                .orElseGet(() -> "no pod, container " + request.containerId());
    }
}
