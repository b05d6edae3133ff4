package io.portolan.security.enforcement;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of clusters' security; sets of profiles as text with spaces. */
interface SecurityRepository extends Repository<Security, UUID> {
    Optional<Security> findById(UUID cluster);

    @Query(nativeQuery = true, value = "select cluster_id from security")
    List<UUID> clusters();

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into security (cluster_id, default_profiles, policies, policies_secret, state, state_reason)
                    values (:cluster, cast(string_to_array(:profiles, ' ') as uuid[]), :policies, cast(:secret as text), 'pending', 'declared just now')
                    on conflict (cluster_id) do update set default_profiles = excluded.default_profiles,
                      policies = excluded.policies, policies_secret = excluded.policies_secret, revision = security.revision + 1""")
    int put(
            @Param("cluster") UUID cluster,
            @Param("profiles") String profiles,
            @Param("policies") boolean policies,
            @Param("secret") @Nullable String secret);

    /** How many pods are on ports in profiles. */
    @Query(nativeQuery = true, value = """
                    select count(*) from profile_binding b join port p on p.id = b.port_id
                    where b.cluster_id = :cluster and b.wanted <> '{}' and p.state = 'bound'""")
    long bound(@Param("cluster") UUID cluster);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security set state = 'deleting', state_reason = 'its ports are being taken out of their profiles',
                      state_problem = null, revision = revision + 1
                    where cluster_id = :cluster and state <> 'deleting'""")
    int markDeleting(@Param("cluster") UUID cluster);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security set state = case when state = 'deleting' then state else :state end,
                      state_reason = cast(:reason as text), state_problem = cast(:problem as text)
                    where cluster_id = :cluster and (state <> 'deleting' or cast(:problem as text) is not null)
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stand(
            @Param("cluster") UUID cluster,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    delete from security s where cluster_id = :cluster and state = 'deleting'
                      and not exists (select 1 from profile_binding b where b.cluster_id = s.cluster_id)""")
    int delete(@Param("cluster") UUID cluster);
}
