package io.portolan.security.profile;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of profiles and their rules. */
interface ProfileRepository extends Repository<Profile, UUID> {
    /** A rule as it is kept. */
    interface RuleRow {
        UUID getProfile();

        String getDirection();

        String getAction();

        int getPriority();

        String getProtocol();

        @Nullable Integer getFirst();

        @Nullable Integer getLast();

        @Nullable String getCidr();

        @Nullable UUID getRemote();

        @Nullable String getRemoteGroup();

        boolean getLog();
    }

    /** Who relies on a profile. */
    interface UseRow {
        long getPorts();

        long getNodes();

        boolean getIsDefault();

        String getPools();

        String getRules();
    }

    /** A pod on a port that is in a profile. */
    interface PodRow {
        UUID getPort();

        UUID getNode();

        String getNamespace();

        String getName();

        @Nullable String getUid();
    }

    Optional<Profile> findByClusterIdAndName(UUID cluster, String name);

    Optional<Profile> findByClusterIdAndAdoptedGroup(UUID cluster, String group);

    List<Profile> findByClusterIdOrderByName(UUID cluster);

    List<Profile> findByClusterIdAndNameGreaterThanOrderByName(UUID cluster, String name, Limit limit);

    @Query(nativeQuery = true, value = """
                    select cluster_id from security_profile union select cluster_id from security""")
    List<UUID> clusters();

    @Query(nativeQuery = true, value = """
                    select r.profile_id as "profile", r.direction, r.action, r.priority, r.protocol, r.port_first as "first", r.port_last as "last",
                      cast(r.remote_cidr as text) as "cidr", r.remote_profile as "remote", r.remote_group as "remoteGroup", r.log
                    from security_rule r join security_profile p on p.id = r.profile_id
                    where p.cluster_id = :cluster order by r.profile_id, r.ordinal""")
    List<RuleRow> rules(@Param("cluster") UUID cluster);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into security_profile (id, cluster_id, name, description, adopted_group, namespaces, state, state_reason)
                    values (:id, :cluster, :name, :description, cast(:group as text), string_to_array(cast(:namespaces as text), ' '),
                      'pending', 'declared just now')""")
    int insert(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("name") String name,
            @Param("description") String description,
            @Param("group") @Nullable String group,
            @Param("namespaces") @Nullable String namespaces);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security_profile set description = :description, namespaces = string_to_array(cast(:namespaces as text), ' '),
                      state = 'pending', state_reason = 'changed just now', state_problem = null, revision = revision + 1
                    where id = :id""")
    int change(
            @Param("id") UUID id,
            @Param("description") String description,
            @Param("namespaces") @Nullable String namespaces);

    @Modifying
    @Query(nativeQuery = true, value = "delete from security_rule where profile_id = :id")
    int deleteRules(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into security_rule (profile_id, ordinal, direction, action, priority, protocol, port_first, port_last,
                      remote_cidr, remote_profile, remote_group, log)
                    select :id, r.ordinal, r.direction, r.action, r.priority, r.protocol, r.first, r.last,
                      cast(r.cidr as cidr), r.remote, r."remoteGroup", r.log
                    from jsonb_to_recordset(cast(:rules as jsonb)) as r(ordinal int, direction text, action text, priority int,
                      protocol text, first int, last int, cidr text, remote uuid, "remoteGroup" text, log boolean)""")
    int insertRules(@Param("id") UUID id, @Param("rules") String rules);

    /** It is in the network as of this revision. */
    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security_profile set backend_id = :backend, made_revision = :revision,
                      state = case when revision = :revision then 'ready' else state end,
                      state_reason = case when revision = :revision then null else state_reason end,
                      state_problem = case when revision = :revision then null else state_problem end
                    where id = :id and state <> 'deleting'
                      and (backend_id, made_revision, state) is distinct from (cast(:backend as text), cast(:revision as bigint), 'ready')""")
    int made(@Param("id") UUID id, @Param("revision") long revision, @Param("backend") String backend);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security_profile set state = case when state = 'deleting' then state else 'failed' end,
                      state_reason = :reason, state_problem = :problem
                    where id = :id and (state_reason, state_problem) is distinct from (cast(:reason as text), cast(:problem as text))""")
    int troubled(@Param("id") UUID id, @Param("reason") String reason, @Param("problem") String problem);

    /** Those that the network does not have as declared wait for it. */
    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security_profile set state_reason = :reason, state_problem = :problem
                    where cluster_id = :cluster and state <> 'ready'
                      and (state_reason, state_problem) is distinct from (cast(:reason as text), cast(:problem as text))""")
    int waiting(@Param("cluster") UUID cluster, @Param("reason") String reason, @Param("problem") String problem);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update security_profile set state = 'deleting', state_reason = 'deletion was asked for just now', state_problem = null,
                      revision = revision + 1
                    where id = :id""")
    int markDeleting(@Param("id") UUID id);

    @Transactional
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = "delete from security_profile where id = :id and state = 'deleting'")
    int delete(@Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    with used as (select node_id from profile_binding
                      where cluster_id = :cluster and (wanted @> array[cast(:id as uuid)] or applied @> array[cast(:id as uuid)]))
                    select (select count(*) from used) as "ports", (select count(distinct node_id) from used) as "nodes",
                      exists (select 1 from security where cluster_id = :cluster and :id = any(default_profiles)) as "isDefault",
                      (select coalesce(string_agg(name, ' ' order by name), '') from profile_pool
                       where cluster_id = :cluster and :id = any(profiles)) as "pools",
                      (select coalesce(string_agg(distinct p.name, ' '), '') from security_rule r join security_profile p on p.id = r.profile_id
                       where r.remote_profile = :id and r.profile_id <> :id) as "rules\"""")
    UseRow use(@Param("cluster") UUID cluster, @Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    select p.id as "port", p.node_id as "node", p.pod_namespace as "namespace", p.pod_name as "name", p.pod_uid as "uid"
                    from profile_binding b join port p on p.id = b.port_id
                    where b.wanted @> array[cast(:id as uuid)] and p.state = 'bound' and p.pod_name is not null
                      and p.id > :after
                    order by p.id limit :most""")
    List<PodRow> pods(@Param("id") UUID id, @Param("after") UUID after, @Param("most") int most);
}
