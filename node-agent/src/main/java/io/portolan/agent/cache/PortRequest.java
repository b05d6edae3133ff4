package io.portolan.agent.cache;

import io.portolan.model.PodRef;
import io.portolan.model.ProfileId;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A pod's interface asks for a port.
 *
 * @param netns path of the pod's network namespace
 * @param pod none when the caller is not kubelet
 * @param superseded attachments of earlier sandboxes of the same pod whose end the caller has seen and whose interfaces it
 *     has taken down: released in the same step. Attachments of other pods in it are ignored.
 * @param profiles the security profiles that its port shall be in: one that is in others is unknown, durably, from the moment
 *     that it is taken; null where there are no profiles
 * @param notes kept with the attachment
 * @param report id of the report that will say so; new for each request that may be granted another port
 */
public record PortRequest(
        AttachmentKey key,
        String netns,
        @Nullable PodRef pod,
        Set<AttachmentKey> superseded,
        @Nullable Set<ProfileId> profiles,
        Map<String, String> notes,
        UUID report) {
    public PortRequest {
        superseded = Set.copyOf(superseded);
        profiles = profiles == null ? null : Set.copyOf(profiles);
        notes = Map.copyOf(notes);
    }

    /** The same once more, after what it was granted was given back. */
    public PortRequest again() {
        return new PortRequest(key, netns, pod, superseded, profiles, notes, UUID.randomUUID());
    }

    public static PortRequest of(AttachmentKey key, String netns, @Nullable PodRef pod) {
        return new PortRequest(key, netns, pod, Set.of(), null, Map.of(), UUID.randomUUID());
    }
}
