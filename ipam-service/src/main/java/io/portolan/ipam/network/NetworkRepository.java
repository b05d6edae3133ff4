package io.portolan.ipam.network;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.Port;
import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

/** Every statement here takes its rows in the order of their addresses, so that two of them never wait in a circle. */
interface NetworkRepository extends LedgerRepository<Port, UUID> {
    /** The arrays are parallel: port, its id in the network, the reason; an empty text is none. */
    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set state = :to, backend_id = coalesce(nullif(a.backend_id, ''), p.backend_id), state_reason = nullif(a.reason, ''),
              made_at = case when p.state = 'provisioning' and :to = 'free' then statement_timestamp() else p.made_at end,
              changed_at = greatest(p.changed_at, statement_timestamp()), changed_by = 'topology-service', revision = p.revision + 1
            from unnest(cast(:ports as uuid[]), cast(:backendIds as text[]), cast(:reasons as text[])) as a (id, backend_id, reason)
            where p.id = a.id and p.id = any(array(
              select q.id from port q where q.node_id = :node and q.state = :from and q.id = any(:ports) order by q.ip for update))""")
    int move(
            @Param("node") UUID node,
            @Param("from") String from,
            @Param("to") String to,
            @Param("ports") UUID[] ports,
            @Param("backendIds") String[] backendIds,
            @Param("reasons") String[] reasons);

    /**
     * Parents and tags of all ports that are elsewhere, in one statement. A tag that is taken under the new parent is that
     * of a port whose own node moved on and which was not nested anew yet.
     */
    @Query(nativeQuery = true, value = """
            with moving as (
              select q.id, q.ip, q.vlan_tag from port q
              where q.node_id = :node and q.parent is distinct from :parent order by q.ip for update),
            taken as (
              select q.vlan_tag as tag from port q join node n on n.id = :node
              where q.cluster_id = n.cluster_id and q.parent = :parent),
            keeping as (select m.id, m.vlan_tag as tag from moving m where m.vlan_tag not in (select tag from taken)),
            other as (
              select m.id, row_number() over (order by m.ip) as i from moving m where m.id not in (select id from keeping)),
            spare as (
              select tag, row_number() over (order by tag) as i from generate_series(1, 4094) as tag
              where tag not in (select tag from taken) and tag not in (select tag from keeping)),
            given as (select id, tag from keeping union all select o.id, s.tag from other o join spare s on s.i = o.i),
            nested as (
              update port p set parent = :parent, vlan_tag = g.tag, state = case when p.state = 'free' then 'provisioning' else p.state end,
                changed_at = greatest(p.changed_at, statement_timestamp()), changed_by = 'topology-service', revision = p.revision + 1
              from given g where p.id = g.id returning p.id)
            select id from nested""")
    List<UUID> nest(@Param("node") UUID node, @Param("parent") String parent);

    @Query(nativeQuery = true, value = """
            select id from port where node_id = :node and state = :state and id = any(:ports)""")
    List<UUID> inState(@Param("node") UUID node, @Param("state") String state, @Param("ports") UUID[] ports);

    @Query(nativeQuery = true, value = "select id from port where node_id = :node and id = any(:ports)")
    List<UUID> existing(@Param("node") UUID node, @Param("ports") UUID[] ports);

    @Modifying
    @Query(nativeQuery = true, value = """
            delete from port where id = any(array(
              select q.id from port q where q.node_id = :node and q.state = 'draining' and q.id = any(:ports) order by q.ip for update))""")
    int remove(@Param("node") UUID node, @Param("ports") UUID[] ports);

    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set state = 'draining', claim = null, lease_epoch = null, sandbox = null, interface = null,
              pod_namespace = null, pod_name = null, pod_uid = null,
              released_at = case when p.state = 'bound' then greatest(p.changed_at, statement_timestamp()) else p.released_at end,
              changed_at = greatest(p.changed_at, statement_timestamp()), changed_by = 'topology-service', revision = p.revision + 1
            where p.id = any(array(
              select q.id from port q
              where q.node_id = :node
                and (q.state in ('planned', 'provisioning', 'free', 'failed') or (q.state = 'cooling' and q.lease_epoch is null)
                  or (:force and q.state in ('leased', 'bound', 'cooling')))
              order by q.ip for update))""")
    int drain(@Param("node") UUID node, @Param("force") boolean force);
}
