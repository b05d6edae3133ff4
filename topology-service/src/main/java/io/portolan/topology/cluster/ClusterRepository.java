package io.portolan.topology.cluster;

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

/** The SQL of clusters. */
interface ClusterRepository extends Repository<Cluster, UUID> {
    /** A node class. */
    interface ClassRow {
        String getName();

        int getPodsPerCpu();

        int getPodsPerGib();

        int getMinPods();

        int getMaxPods();

        @Nullable Integer getLeaseBatch();

        @Nullable Integer getWarmHeadroom();

        @Nullable Integer getFurtherPods();

        @Nullable Integer getSubnetIdleSeconds();
    }

    /** How many are in a state. */
    interface CountRow {
        String getState();

        long getCount();
    }

    /** A node that is still there. */
    interface LeftRow {
        String getName();

        @Nullable String getReason();
    }

    Optional<Cluster> findById(UUID id);

    Optional<Cluster> findByName(String name);

    List<Cluster> findByNameGreaterThanOrderByName(String name, Limit limit);

    List<Cluster> findAll();

    @Query(nativeQuery = true, value = "select id from cluster")
    List<UUID> ids();

    @Query(nativeQuery = true, value = "select id from cluster where name = :name for update")
    Optional<UUID> lock(@Param("name") String name);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into cluster (id, name, mode, pod_cidrs, service_cidr, backend, secret_ref, router_adopted, mtu, lease_batch,
                      warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, external_network, network, nesting_wanted, further_pods,
                      subnet_idle_seconds, southbound, state, state_reason)
                    values (:id, :name, :#{#s.mode().name().toLowerCase()}, cast(string_to_array(:cidrs, ',') as cidr[]),
                      cast(nullif(:services, '') as cidr), :#{#s.backend().endpoints()}, cast(:#{#s.backend().secretRef()} as text),
                      cast(:#{#s.routerId()} as text), :#{#s.mtu()}, :#{#s.leaseBatch()}, :#{#s.warmHeadroom()}, :#{#s.cooldownSeconds()},
                      :#{#s.sizing().podsPerCpu()}, :#{#s.sizing().podsPerGiB()}, :#{#s.sizing().minPods()}, :#{#s.sizing().maxPods()},
                      cast(:#{#s.externalNetwork()} as text), cast(:#{#s.network()} as text), cast(:#{#s.nesting()?.text()} as text), :#{#s.furtherPods()},
                      :#{#s.subnetIdleSeconds()}, cast(:#{#s.backend().southbound()} as text), 'pending', 'declared just now')""")
    int insert(
            @Param("id") UUID id,
            @Param("name") String name,
            @Param("cidrs") String cidrs,
            @Param("services") String services,
            @Param("s") ClusterSpec spec);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update cluster set pod_cidrs = cast(string_to_array(:cidrs, ',') as cidr[]), backend = :#{#s.backend().endpoints()},
                      secret_ref = cast(:#{#s.backend().secretRef()} as text), southbound = cast(:#{#s.backend().southbound()} as text), lease_batch = :#{#s.leaseBatch()},
                      warm_headroom = :#{#s.warmHeadroom()}, cooldown_seconds = :#{#s.cooldownSeconds()},
                      pods_per_cpu = :#{#s.sizing().podsPerCpu()}, pods_per_gib = :#{#s.sizing().podsPerGiB()},
                      min_pods = :#{#s.sizing().minPods()}, max_pods = :#{#s.sizing().maxPods()},
                      external_network = cast(:#{#s.externalNetwork()} as text), network = cast(:#{#s.network()} as text),
                      nesting_wanted = cast(:#{#s.nesting()?.text()} as text), further_pods = :#{#s.furtherPods()},
                      subnet_idle_seconds = :#{#s.subnetIdleSeconds()}, revision = revision + 1
                    where id = :id""")
    int update(@Param("id") UUID id, @Param("cidrs") String cidrs, @Param("s") ClusterSpec spec);

    @Query(nativeQuery = true, value = """
                    select name, pods_per_cpu as "podsPerCpu", pods_per_gib as "podsPerGib", min_pods as "minPods", max_pods as "maxPods",
                      lease_batch as "leaseBatch", warm_headroom as "warmHeadroom", further_pods as "furtherPods",
                      subnet_idle_seconds as "subnetIdleSeconds"
                    from node_class where cluster_id = :id order by name""")
    List<ClassRow> classes(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = "delete from node_class where cluster_id = :id")
    int deleteClasses(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into node_class (cluster_id, name, pods_per_cpu, pods_per_gib, min_pods, max_pods, lease_batch, warm_headroom, further_pods, subnet_idle_seconds)
                    values (:id, :name, :#{#c.podsPerCpu()}, :#{#c.podsPerGiB()}, :#{#c.minPods()}, :#{#c.maxPods()}, cast(:#{#c.leaseBatch()} as int),
                      cast(:#{#c.warmHeadroom()} as int), cast(:#{#c.furtherPods()} as int), cast(:#{#c.subnetIdleSeconds()} as int))""")
    int insertClass(@Param("id") UUID id, @Param("name") String name, @Param("c") NodeClass nodeClass);

    @Query(
            nativeQuery = true,
            value = "select state, count(*) as count from node where cluster_id = :id group by state")
    List<CountRow> nodes(@Param("id") UUID id);

    @Query(
            nativeQuery = true,
            value = "select state, count(*) as count from port where cluster_id = :id group by state")
    List<CountRow> ports(@Param("id") UUID id);

    /** The loop's word on a cluster that is not being deleted. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update cluster set state = :state, state_reason = cast(:reason as text), state_problem = cast(:problem as text),
                      revision = revision + 1
                    where id = :id and state <> 'deleting'
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stand(
            @Param("id") UUID id,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update cluster set state_reason = :reason, state_problem = cast(:problem as text)
                    where id = :id and state = 'deleting'
                      and (state_reason, state_problem) is distinct from (:reason, cast(:problem as text))""")
    int waitsFor(@Param("id") UUID id, @Param("reason") String reason, @Param("problem") @Nullable String problem);

    /** The first choice stays. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update cluster set nesting = :nesting, revision = revision + 1 where id = :id and nesting is null""")
    int nests(@Param("id") UUID id, @Param("nesting") String nesting);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update cluster set router_id = :router, revision = revision + 1
                    where id = :id and router_id is distinct from :router""")
    int hasRouter(@Param("id") UUID id, @Param("router") String router);

    @Modifying
    @Query(nativeQuery = true, value = """
                    update cluster set state = 'deleting', state_reason = 'deletion was asked for just now', state_problem = null,
                      revision = revision + 1
                    where id = :id and state <> 'deleting'""")
    int markDeleting(@Param("id") UUID id);

    /** The nodes of a cluster go with it; force is not taken back. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = 'draining', state_reason = 'its cluster is being taken down', state_problem = null,
                      force_drain = force_drain or :force,
                      revision = revision + 1
                    where cluster_id = :id and (state <> 'draining' or (:force and not force_drain))""")
    int drainNodes(@Param("id") UUID id, @Param("force") boolean force);

    @Query(
            nativeQuery = true,
            value = "select name, state_reason as reason from node where cluster_id = :id order by name")
    List<LeftRow> nodesLeft(@Param("id") UUID id);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from cluster where id = :id and state = 'deleting'")
    int delete(@Param("id") UUID id);
}
