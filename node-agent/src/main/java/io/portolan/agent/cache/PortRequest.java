package io.portolan.agent.cache;

import io.portolan.model.PodRef;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pod's interface asks for a port.
 *
 * @param netns path of the pod's network namespace
 * @param pod none when the caller is not kubelet
 * @param superseded attachments of earlier sandboxes of the same pod whose end the caller has seen and whose interfaces it
 *     has taken down: released in the same step. Attachments of other pods in it are ignored.
 * @param notes kept with the attachment
 */
public record PortRequest(
        AttachmentKey key,
        String netns,
        @Nullable PodRef pod,
        Set<AttachmentKey> superseded,
        Map<String, String> notes) {
    public PortRequest {
        superseded = Set.copyOf(superseded);
        notes = Map.copyOf(notes);
    }

    public static PortRequest of(AttachmentKey key, String netns, @Nullable PodRef pod) {
        return new PortRequest(key, netns, pod, Set.of(), Map.of());
    }
}
