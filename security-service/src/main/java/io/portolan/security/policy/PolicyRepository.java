package io.portolan.security.policy;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of NetworkPolicies. */
interface PolicyRepository extends Repository<Policy, UUID> {
    /** How a cluster's policies are to be had. */
    interface Declared {
        @Nullable String getSecret();
    }

    List<Policy> findByClusterIdOrderByNamespaceAscNameAsc(UUID cluster);

    /** Whose policies count, and whose did. */
    @Query(nativeQuery = true, value = """
                    select s.cluster_id from security s where s.policies union select cluster_id from network_policy""")
    List<UUID> clusters();

    /** Empty where they do not count, or not any more. */
    @Query(nativeQuery = true, value = """
                    select s.policies_secret as "secret" from security s join cluster c on c.id = s.cluster_id
                    where s.cluster_id = :cluster and s.policies and s.state <> 'deleting' and c.state <> 'deleting'""")
    Optional<Declared> declared(@Param("cluster") UUID cluster);

    /** One row if the cluster's policies are this replica's to watch for so long. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into policy_watch (cluster_id, replica, until)
                    select c.id, :replica, clock_timestamp() + make_interval(secs => :seconds) from cluster c where c.id = :cluster
                    on conflict (cluster_id) do update set replica = excluded.replica, until = excluded.until
                    where policy_watch.replica = excluded.replica or policy_watch.until < clock_timestamp()""")
    int watch(@Param("cluster") UUID cluster, @Param("replica") UUID replica, @Param("seconds") double seconds);

    /** How a watch stands; empty where there is none, or nobody's any more. */
    interface StandRow {
        String getState();

        @Nullable String getReason();

        @Nullable String getProblem();
    }

    @Query(nativeQuery = true, value = """
                    select state as "state", state_reason as "reason", state_problem as "problem" from policy_watch
                    where cluster_id = :cluster and until > clock_timestamp()""")
    Optional<StandRow> stand(@Param("cluster") UUID cluster);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update policy_watch set state = :state, state_reason = cast(:reason as text), state_problem = cast(:problem as text)
                    where cluster_id = :cluster and replica = :replica
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stands(
            @Param("cluster") UUID cluster,
            @Param("replica") UUID replica,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from policy_watch where replica = :replica")
    int leave(@Param("replica") UUID replica);

    /** @param policies as JSON: id, namespace, name, selector */
    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into network_policy as n (id, cluster_id, namespace, name, pod_selector, state, state_reason)
                    select r.id, :cluster, r.namespace, r.name, r.selector, 'pending', 'seen just now'
                    from jsonb_to_recordset(cast(:policies as jsonb)) as r(id uuid, namespace text, name text, selector jsonb) order by r.id
                    on conflict (id) do update set pod_selector = excluded.pod_selector,
                      state = case when n.state = 'deleting' then 'pending' else n.state end
                    where n.pod_selector <> excluded.pod_selector or n.state = 'deleting'""")
    int seen(@Param("cluster") UUID cluster, @Param("policies") String policies);

    /** Those that are none of these are not in the cluster any more. */
    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update network_policy set state = 'deleting', state_reason = 'it is gone, and ports are in it still'
                    where cluster_id = :cluster and state <> 'deleting' and id not in (:lasting)""")
    int gone(@Param("cluster") UUID cluster, @Param("lasting") Collection<UUID> lasting);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update network_policy set backend_id = cast(:backend as text), state = 'ready', state_reason = null
                    where id = :id and (backend_id, state) is distinct from (cast(:backend as text), 'ready')""")
    int made(@Param("id") UUID id, @Param("backend") String backend);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update network_policy set state = 'failed', state_reason = :reason where id = :id and state_reason is distinct from :reason""")
    int troubled(@Param("id") UUID id, @Param("reason") String reason);

    /** Those that no port is in, and that none should be in. The caller keeps others from naming them meanwhile. */
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    delete from network_policy n where cluster_id = :cluster and state = 'deleting' and not exists (
                      select 1 from profile_binding b where b.cluster_id = n.cluster_id and (n.id = any (b.wanted) or n.id = any (b.applied)))""")
    int deleteUnused(@Param("cluster") UUID cluster);
}
