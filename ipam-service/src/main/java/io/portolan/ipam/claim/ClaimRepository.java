package io.portolan.ipam.claim;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.Port;
import io.portolan.ipam.port.PortRow;
import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

/**
 * Leases ports to nodes and takes them back.
 *
 * <p><b>The claim statement and why it has this form.</b> One {@code UPDATE} picks and takes a whole batch: measured on one
 * hot node it leases 8 to 9 times as many ports a second as one port a statement, and two statements (select, then
 * update) are slower again. {@code id = any(array(select …))} rather than {@code in (select …)}: the array is computed
 * once, before the update starts, so that the subselect's row locks and its limit hold whatever plan is chosen; with
 * {@code in} the planner may run the subselect again for every row and lock far more than asked. {@code skip locked}: claims of one node do not
 * queue behind each other. {@code released_at nulls first, ip}: addresses that rested longest go out first, and the order
 * is that of the index {@code port_free}. The fence stands inside: a claim of an epoch that has passed, of a node that
 * is not ready, or for a port that is still nested in the VM that the node was before, finds no row in the same statement
 * that would have taken it.
 *
 * <p>{@code skip locked} can say falsely that nothing is left, when another claim holds the last rows and rolls back. So
 * a claim that found nothing asks once more by {@link #leaseWaiting}, which waits for them; it takes rows in the order of
 * their addresses, as every other statement of this service that waits does, so that none waits for another in a circle.
 */
interface ClaimRepository extends LedgerRepository<Port, UUID> {
    String LEASE = """
            with leased as (
              update port set state = 'leased', claim = :claim, lease_epoch = :epoch, state_reason = null,
                changed_at = greatest(changed_at, statement_timestamp()),
                changed_by = (select 'node ' || n.name from node n where n.id = :node), revision = revision + 1
              where id = any(array(
                select p.id from port p
                where p.node_id = :node and p.state = 'free'
                  and exists (select from node n where n.id = :node and n.epoch = :epoch and n.state = 'ready'
                    and n.parent_port is not distinct from p.parent)
                  and exists (select from subnet o where o.id = p.subnet_id and o.state = 'live')
            """;
    String LEASED = """
                ))
              returning *)
            select
            """ + PortRow.COLUMNS + """
            from leased p join subnet s on s.id = p.subnet_id order by p.ip""";

    @NativeQuery(
            sqlResultSetMapping = PortRow.MAPPING,
            value = LEASE + " order by p.released_at nulls first, p.ip limit :count for update of p skip locked"
                    + LEASED)
    List<PortRow> lease(
            @Param("node") UUID node,
            @Param("epoch") long epoch,
            @Param("claim") UUID claim,
            @Param("count") int count);

    @NativeQuery(
            sqlResultSetMapping = PortRow.MAPPING,
            value = LEASE + " order by p.ip limit :count for update of p" + LEASED)
    List<PortRow> leaseWaiting(
            @Param("node") UUID node,
            @Param("epoch") long epoch,
            @Param("claim") UUID claim,
            @Param("count") int count);

    /**
     * The node takes none of its offered subnets back but when nothing else is left: then it refuses the offer of those that
     * have a port to be had.
     */
    @Modifying
    @Query(nativeQuery = true, value = """
            update subnet s set state = 'live', offered_at = null, refused_at = statement_timestamp()
            where s.node_id = :node and s.state = 'offered'
              and exists (select from node n where n.id = :node and n.epoch = :epoch and n.state = 'ready')
              and exists (select from port p where p.subnet_id = s.id and p.state = 'free')""")
    int refuseOffers(@Param("node") UUID node, @Param("epoch") long epoch);

    /** What an earlier try of the same claim leased and the node still holds. */
    @NativeQuery(sqlResultSetMapping = PortRow.MAPPING, value = "select " + PortRow.COLUMNS + """
            from port p join subnet s on s.id = p.subnet_id
            where p.claim = :claim and p.node_id = :node and p.lease_epoch is not null
              and exists (select from node n where n.id = :node and n.epoch = :epoch)
            order by p.ip""")
    List<PortRow> leasedBy(@Param("node") UUID node, @Param("epoch") long epoch, @Param("claim") UUID claim);

    /** Leased ports become free, cooling ones go on cooling without a holder; a node that drains drains both. */
    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set
              state = case when n.state = 'draining' then 'draining' when p.state = 'leased' then 'free' else p.state end,
              claim = null, lease_epoch = null, changed_at = greatest(p.changed_at, statement_timestamp()),
              changed_by = 'node ' || n.name, revision = p.revision + 1
            from node n
            where n.id = p.node_id and n.epoch = :epoch and p.id = any(array(
              select q.id from port q
              where q.node_id = :node and q.id = any(:ports) and q.state in ('leased', 'cooling') and q.lease_epoch is not null
                and exists (select from node m where m.id = :node and m.epoch = :epoch)
              order by q.ip for update of q))""")
    int release(@Param("node") UUID node, @Param("epoch") long epoch, @Param("ports") UUID[] ports);

    @Query(nativeQuery = true, value = """
            select id from port where node_id = :node and id = any(:ports) and lease_epoch is not null""")
    List<UUID> held(@Param("node") UUID node, @Param("ports") UUID[] ports);
}
