package io.portolan.ipam.report;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.Port;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

interface ReportRepository extends LedgerRepository<Port, UUID> {
    /** What a report must know of a port. */
    interface PortNow {
        UUID getId();

        String getState();

        boolean getHeld();

        @Nullable String getSandbox();

        @Nullable String getNetworkInterface();

        long getRevision();
    }

    /** The ports that a batch speaks of, and those that its sandboxes have now; locked until the batch is settled. */
    @Query(nativeQuery = true, value = """
            select p.id as "id", p.state as "state", p.lease_epoch is not null as "held", p.sandbox as "sandbox",
                   p.interface as "networkInterface", p.revision as "revision"
            from port p where p.node_id = :node and (p.id = any(:ports) or p.sandbox = any(:sandboxes))
            order by p.ip for update""")
    List<PortNow> hold(@Param("node") UUID node, @Param("ports") UUID[] ports, @Param("sandboxes") String[] sandboxes);

    /** Those of the reports that the history has. Nothing is dated before it happened, which keeps the search short. */
    @Query(nativeQuery = true, value = """
            select distinct e.report from port_event e
            where e.port_id = any(:ports) and e.report = any(:reports) and e.at >= :since""")
    List<UUID> known(@Param("ports") UUID[] ports, @Param("reports") UUID[] reports, @Param("since") Instant since);

    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set state = :to, sandbox = nullif(:sandbox, ''), interface = nullif(:networkInterface, ''),
              pod_namespace = nullif(:podNamespace, ''), pod_name = nullif(:podName, ''), pod_uid = nullif(:podUid, ''),
              released_at = case when :to = 'cooling' then greatest(p.changed_at, least(:at, statement_timestamp())) else p.released_at end,
              last_report = :report, changed_at = greatest(p.changed_at, least(:at, statement_timestamp())),
              changed_by = (select 'node ' || n.name from node n where n.id = p.node_id), revision = p.revision + 1
            where p.id = :port and p.state = :from and p.revision = :revision""")
    int change(
            @Param("port") UUID port,
            @Param("from") String from,
            @Param("revision") long revision,
            @Param("to") String to,
            @Param("sandbox") String sandbox,
            @Param("networkInterface") String networkInterface,
            @Param("podNamespace") String podNamespace,
            @Param("podName") String podName,
            @Param("podUid") String podUid,
            @Param("at") Instant at,
            @Param("report") UUID report);
}
