package io.portolan.security.binding;

import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of bindings; sets of profiles as text with spaces. */
interface BindingRepository extends Repository<BindingRow, UUID> {
    /** A port, and what is wanted of it; without a binding the last three are null. */
    interface PortRow {
        UUID getId();

        UUID getNode();

        @Nullable String getBackend();

        boolean getHeld();

        @Nullable String getWanted();

        @Nullable String getApplied();

        @Nullable Long getRevision();
    }

    /** Until the transaction ends nobody else changes what is wanted of this node's ports, but the sweep. */
    @Query(nativeQuery = true, value = """
                    select 1 from pg_advisory_xact_lock(hashtextextended('bindings of ' || :node, 0))""")
    int lockNode(@Param("node") String node);

    @Query(nativeQuery = true, value = """
                    select count(*) > 0 from security s join cluster c on c.id = s.cluster_id
                    where s.cluster_id = :cluster and s.state <> 'deleting' and c.state <> 'deleting'""")
    boolean enforced(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
                    select p.id as "id", p.node_id as "node", p.backend_id as "backend", p.lease_epoch is not null as "held",
                      array_to_string(b.wanted, ' ') as "wanted", array_to_string(b.applied, ' ') as "applied", b.revision as "revision"
                    from port p left join profile_binding b on b.port_id = p.id where p.id in (:ports) order by p.id""")
    List<PortRow> ports(@Param("ports") Collection<UUID> ports);

    /** @param bindings as JSON: port, wanted, namespace, name, uid */
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into profile_binding (port_id, cluster_id, node_id, wanted, pod_namespace, pod_name, pod_uid)
                    select p.id, p.cluster_id, p.node_id, cast(string_to_array(r.wanted, ' ') as uuid[]), r.namespace, r.name, r.uid
                    from jsonb_to_recordset(cast(:bindings as jsonb)) as r(port uuid, wanted text, namespace text, name text, uid text)
                    join port p on p.id = r.port order by p.id
                    on conflict (port_id) do update set wanted = excluded.wanted, node_id = excluded.node_id,
                      pod_namespace = excluded.pod_namespace, pod_name = excluded.pod_name, pod_uid = excluded.pod_uid,
                      changed_at = clock_timestamp(), revision = excluded.revision""")
    int want(@Param("bindings") String bindings);

    /**
     * The network has what was wanted at that revision.
     *
     * @param written as JSON: port, revision
     */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    with taken as (
                      select b.port_id, b.wanted from profile_binding b
                      join jsonb_to_recordset(cast(:written as jsonb)) as r(port uuid, revision bigint)
                        on b.port_id = r.port and b.revision = r.revision
                      order by b.port_id for update of b),
                    closed as (
                      delete from profile_binding b using taken t where b.port_id = t.port_id and t.wanted = '{}')
                    update profile_binding b set applied = b.wanted, changed_at = clock_timestamp()
                    from taken t where b.port_id = t.port_id and t.wanted <> '{}'""")
    int took(@Param("written") String written);

    /** Those of the nodes whose network was not told yet to close them. */
    @Query(nativeQuery = true, value = """
                    select n.id from node n join security s on s.cluster_id = n.cluster_id and s.state <> 'deleting'
                    where n.id in (:nodes) and not exists (select 1 from closed_node c where c.node_id = n.id)""")
    List<UUID> notClosed(@Param("nodes") Collection<UUID> nodes);

    /** The same of a whole cluster: nodes that have ports, and so a place in the network. */
    @Query(nativeQuery = true, value = """
                    select n.id from node n join security s on s.cluster_id = n.cluster_id and s.state <> 'deleting'
                    where n.cluster_id = :cluster and not exists (select 1 from closed_node c where c.node_id = n.id)
                      and exists (select 1 from port p where p.node_id = n.id and p.backend_id is not null)""")
    List<UUID> notClosed(@Param("cluster") UUID cluster);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into closed_node (node_id, cluster_id) select id, cluster_id from node where id in (:nodes)
                    on conflict do nothing""")
    int closed(@Param("nodes") Collection<UUID> nodes);

    /** Nodes of clusters whose ports are closed unless bound. */
    @Query(nativeQuery = true, value = """
                    select c.node_id from closed_node c join security s on s.cluster_id = c.cluster_id and s.state <> 'deleting'""")
    List<UUID> audited();

    /** The node's ports of which the network has what is wanted, as far as the ledger knows. */
    @Query(nativeQuery = true, value = """
                    select p.id as "id", p.node_id as "node", p.backend_id as "backend", p.lease_epoch is not null as "held",
                      array_to_string(b.wanted, ' ') as "wanted", array_to_string(b.applied, ' ') as "applied", b.revision as "revision"
                    from port p left join profile_binding b on b.port_id = p.id
                    where p.node_id = :node and p.backend_id is not null and (b.port_id is null or b.applied = b.wanted)""")
    List<PortRow> settled(@Param("node") UUID node);

    /** Ports whose binding nobody finished for a while. */
    @Query(nativeQuery = true, value = """
                    select port_id from profile_binding where cluster_id = :cluster and applied is distinct from wanted
                      and changed_at < clock_timestamp() - make_interval(secs => :seconds) order by changed_at limit 256""")
    List<UUID> unfinished(@Param("cluster") UUID cluster, @Param("seconds") double seconds);

    /** What no node holds any more is to be closed. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update profile_binding b set wanted = '{}', pod_namespace = null, pod_name = null, pod_uid = null,
                      changed_at = clock_timestamp(), revision = nextval('profile_binding_revision')
                    from port p where p.id = b.port_id and b.cluster_id = :cluster and b.wanted <> '{}' and p.lease_epoch is null
                      and b.changed_at < clock_timestamp() - make_interval(secs => :seconds)""")
    int sweep(@Param("cluster") UUID cluster, @Param("seconds") double seconds);

    /** All of a cluster are to be closed. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update profile_binding set wanted = '{}', pod_namespace = null, pod_name = null, pod_uid = null,
                      changed_at = clock_timestamp() - interval '1 day', revision = nextval('profile_binding_revision')
                    where cluster_id = :cluster and wanted <> '{}'""")
    int closeAll(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = "select count(*) from profile_binding where cluster_id = :cluster")
    long count(@Param("cluster") UUID cluster);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from closed_node where cluster_id = :cluster")
    int opened(@Param("cluster") UUID cluster);
}
