package io.portolan.ipam.upkeep;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.Port;
import java.time.LocalDate;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

interface UpkeepRepository extends LedgerRepository<Port, UUID> {
    /**
     * Ports that no cache holds and that rested for their cluster's cool-down are free again; those of a node that drains
     * drain. Rows that somebody else changes just now are left to the next round.
     */
    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set state = case when n.state = 'draining' then 'draining' else 'free' end,
              changed_at = greatest(p.changed_at, statement_timestamp()), changed_by = 'ipam-service', revision = p.revision + 1
            from node n
            where n.id = p.node_id and p.id = any(array(
              select q.id from port q join cluster c on c.id = q.cluster_id
              where q.state = 'cooling' and q.lease_epoch is null
                and not exists (select 1 from floating_ip f where f.port_id = q.id)
                and q.released_at <= statement_timestamp() - make_interval(secs => c.cooldown_seconds)
              order by q.released_at limit :limit for update of q skip locked))""")
    int coolDown(@Param("limit") int limit);

    @Query(nativeQuery = true, value = "select port_event_months(:first, :months)")
    int makeMonths(@Param("first") LocalDate first, @Param("months") int months);

    @Query(nativeQuery = true, value = "select port_event_forget(:before)")
    int forget(@Param("before") LocalDate before);
}
