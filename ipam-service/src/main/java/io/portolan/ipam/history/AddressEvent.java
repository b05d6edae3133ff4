package io.portolan.ipam.history;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.ipam.port.PortRow;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A change of who has an address.
 *
 * @param at since when it is so, by the clock of whoever made it so
 * @param recordedAt when the ledger learnt of it
 * @param from the state before; absent for the first
 * @param state the state after; {@code removed} when the port is gone
 * @param sandbox who has it, or, where the state is not {@code bound}, who had it until then
 * @param report the node agent's report that said so
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record AddressEvent(
        Instant at,
        Instant recordedAt,
        PortId port,
        NodeId node,
        @Nullable String from,
        String state,
        @Nullable String stateReason,
        @Nullable String sandbox,
        @Nullable String networkInterface,
        @Nullable PodRef pod,
        String changedBy,
        @Nullable UUID report,
        long revision) {
    static AddressEvent of(HistoryRepository.EventRow row) {
        return new AddressEvent(
                row.getAt(),
                row.getRecordedAt(),
                new PortId(row.getPortId()),
                new NodeId(row.getNodeId()),
                row.getFromState(),
                row.getToState(),
                row.getStateReason(),
                row.getSandbox(),
                row.getNetworkInterface(),
                PortRow.pod(row.getPodNamespace(), row.getPodName(), row.getPodUid()),
                row.getChangedBy(),
                row.getReport(),
                row.getRevision());
    }
}
