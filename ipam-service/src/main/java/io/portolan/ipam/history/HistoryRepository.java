package io.portolan.ipam.history;

import io.portolan.ipam.port.Port;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

/** Reads {@code port_event} by its index {@code port_event_by_address}; no row of another table is needed. */
interface HistoryRepository extends Repository<Port, UUID> {
    /** A row of {@code port_event}. */
    interface EventRow {
        Instant getAt();

        Instant getRecordedAt();

        UUID getPortId();

        UUID getNodeId();

        @Nullable String getFromState();

        String getToState();

        @Nullable String getStateReason();

        @Nullable String getSandbox();

        @Nullable String getNetworkInterface();

        @Nullable String getPodNamespace();

        @Nullable String getPodName();

        @Nullable String getPodUid();

        String getChangedBy();

        @Nullable UUID getReport();

        long getRevision();
    }

    /** Down to and without the event that the cursor names, if it names one. */
    @Query(nativeQuery = true, value = """
            select e.at as "at", e.recorded_at as "recordedAt", e.port_id as "portId", e.node_id as "nodeId", e.from_state as "fromState",
                   e.to_state as "toState", e.state_reason as "stateReason", e.sandbox as "sandbox", e.interface as "networkInterface",
                   e.pod_namespace as "podNamespace", e.pod_name as "podName", e.pod_uid as "podUid", e.changed_by as "changedBy",
                   e.report as "report", e.revision as "revision"
            from port_event e
            where e.cluster_id = :cluster and e.ip = cast(:ip as inet) and e.at between :from and :to
              and (e.at, e.revision) < (:beforeAt, :beforeRevision)
            order by e.at desc, e.revision desc limit :limit""")
    List<EventRow> events(
            @Param("cluster") UUID cluster,
            @Param("ip") String ip,
            @Param("from") Instant from,
            @Param("to") Instant to,
            @Param("beforeAt") Instant beforeAt,
            @Param("beforeRevision") long beforeRevision,
            @Param("limit") int limit);
}
