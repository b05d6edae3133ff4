package io.portolan.agent.cache;

import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A pod's interface and the port that it has.
 *
 * @param row its own id, new for every attachment
 * @param netns path of the pod's network namespace; empty when nobody said
 * @param notes what the wiring wants to find again
 */
public record Attachment(
        UUID row,
        AttachmentKey key,
        PortId port,
        String netns,
        @Nullable PodRef pod,
        Instant boundAt,
        Map<String, String> notes) {
    public Attachment {
        notes = Map.copyOf(notes);
    }

    boolean isOfPod(@Nullable String uid) {
        return uid != null && pod != null && uid.equals(pod.uid());
    }
}
