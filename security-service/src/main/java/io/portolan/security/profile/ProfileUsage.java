package io.portolan.security.profile;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who relies on a profile.
 *
 * @param ports how many are in it, with those that wait for a pod
 * @param nodes how many have such ports
 * @param isDefault whether pods that name none are in it
 * @param pools names of pools
 * @param rules names of other profiles whose rules speak of it
 * @param next the {@code cursor} of the page of pods after this one; absent on the last
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProfileUsage(
        long ports,
        long nodes,
        boolean isDefault,
        List<String> pools,
        List<String> rules,
        List<UsingPod> pods,
        @Nullable String next) {
    /** A pod on a port that is in it. */
    public record UsingPod(PodRef pod, PortId port, NodeId node) {}
}
