package io.portolan.lb.directory;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import org.jspecify.annotations.Nullable;

/**
 * Whose port an address is.
 *
 * @param ours whether it is a pod's port of the ledger; if not, it is a VM, a machine, or another's
 * @param portId in the ledger, or in the network
 * @param backendId its id in the network
 * @param state of a port of ours
 * @param pod {@code namespace/name}, while one has it
 * @param network the id of the network it is on, of a port that is not ours
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DirectoryEntry(
        IpAddress address,
        boolean ours,
        String portId,
        @Nullable String backendId,
        @Nullable NodeId node,
        @Nullable NodeName nodeName,
        @Nullable String state,
        @Nullable String pod,
        @Nullable String network) {}
