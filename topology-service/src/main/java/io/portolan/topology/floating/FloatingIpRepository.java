package io.portolan.topology.floating;

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

/** The SQL of floating addresses. */
interface FloatingIpRepository extends Repository<FloatingIp, UUID> {
    /** The port that a pod has. */
    interface PortRow {
        UUID getId();

        String getIp();

        String getBackend();

        String getSandbox();

        String getNamespace();

        String getName();
    }

    Optional<FloatingIp> findById(UUID id);

    Optional<FloatingIp> findByClusterIdAndName(UUID cluster, String name);

    List<FloatingIp> findByClusterIdAndNameGreaterThanOrderByName(UUID cluster, String name, Limit limit);

    @Query(nativeQuery = true, value = "select id from floating_ip")
    List<UUID> ids();

    /** Clusters with a gateway: no other has a floating address in its network. */
    @Query(nativeQuery = true, value = "select cluster_id from gateway")
    List<UUID> clustersWithGateway();

    /** The gateway's state; it is not taken down meanwhile, and one address is chosen at a time. */
    @Query(nativeQuery = true, value = """
                    select g.state from gateway g join cluster c on c.id = g.cluster_id
                    where g.cluster_id = :cluster and c.state <> 'deleting' and g.state <> 'deleting' for update of g""")
    Optional<String> lockGateway(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
                    select count(*) > 0 from gateway g join cluster c on c.id = g.cluster_id
                    where g.cluster_id = :cluster and c.state <> 'deleting' and g.state <> 'deleting'
                      and cardinality(g.external_addresses) > 0""")
    boolean hasGateway(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
                    select count(*) > 0 from gateway g cross join unnest(g.floating_cidrs) f
                    where g.cluster_id = :cluster and cast(:ip as inet) <<= f""")
    boolean inBlocks(@Param("cluster") UUID cluster, @Param("ip") String ip);

    @Query(nativeQuery = true, value = """
                    select count(*) > 0 from listener where cluster_id = :cluster and ip = cast(:ip as inet)""")
    boolean balanced(@Param("cluster") UUID cluster, @Param("ip") String ip);

    /** The lowest that nobody has. */
    @Query(nativeQuery = true, value = """
                    select host(a.ip) from (
                      select network(f) + n as ip from gateway g cross join unnest(g.floating_cidrs) f
                      cross join lateral generate_series(0, (1 << (32 - masklen(f))) - 1) n where g.cluster_id = :cluster) a
                    where not exists (select 1 from floating_ip i where i.cluster_id = :cluster and i.ip = set_masklen(cast(a.ip as inet), 32))
                      and not exists (select 1 from listener l where l.cluster_id = :cluster and l.ip = set_masklen(cast(a.ip as inet), 32))
                    order by a.ip limit 1""")
    Optional<String> free(@Param("cluster") UUID cluster);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into floating_ip (id, cluster_id, name, ip_wanted, ip, pod_namespace, pod_name, state, state_reason)
                    values (:id, :cluster, :name, cast(:wanted as inet), cast(:ip as inet), :namespace, :pod, 'pending', 'declared just now')""")
    int insert(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("name") String name,
            @Param("wanted") @Nullable String wanted,
            @Param("ip") @Nullable String ip,
            @Param("namespace") @Nullable String namespace,
            @Param("pod") @Nullable String pod);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update floating_ip set pod_namespace = :namespace, pod_name = :pod, state = 'pending', state_reason = 'changed just now',
                      state_problem = null, revision = revision + 1
                    where id = :id and state <> 'deleting'
                      and (pod_namespace, pod_name) is distinct from (cast(:namespace as text), cast(:pod as text))""")
    int lead(@Param("id") UUID id, @Param("namespace") @Nullable String namespace, @Param("pod") @Nullable String pod);

    /** The latest, where a pod that is made anew meets its predecessor. */
    @Query(nativeQuery = true, value = """
                    select id, host(ip) as ip, backend_id as backend, sandbox, pod_namespace as namespace, pod_name as name from port
                    where cluster_id = :cluster and pod_namespace = :namespace and pod_name = :pod and state = 'bound'
                    order by changed_at desc, id limit 1""")
    Optional<PortRow> portOf(
            @Param("cluster") UUID cluster, @Param("namespace") String namespace, @Param("pod") String pod);

    @Query(nativeQuery = true, value = """
                    select id, host(ip) as ip, backend_id as backend, sandbox, pod_namespace as namespace, pod_name as name from port
                    where cluster_id = :cluster and ip = cast(:ip as inet) and state = 'bound' and pod_name is not null""")
    Optional<PortRow> portAt(@Param("cluster") UUID cluster, @Param("ip") String ip);

    /** Only while that sandbox has it. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update floating_ip f set port_id = :port, sandbox = :sandbox
                    where f.id = :id and f.port_id is null and f.state <> 'deleting'
                      and exists (select 1 from port p where p.id = :port and p.state = 'bound' and p.sandbox = :sandbox)""")
    int takePort(@Param("id") UUID id, @Param("port") UUID port, @Param("sandbox") String sandbox);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update floating_ip set port_id = null, sandbox = null where id = :id and port_id = :port""")
    int leavePort(@Param("id") UUID id, @Param("port") UUID port);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update floating_ip set ip = cast(:ip as inet) where id = :id and ip is distinct from cast(:ip as inet)""")
    int hasAddress(@Param("id") UUID id, @Param("ip") String ip);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update floating_ip set state = :state, state_reason = cast(:reason as text), state_problem = cast(:problem as text)
                    where id = :id and state <> 'deleting'
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stand(
            @Param("id") UUID id,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update floating_ip set state = 'deleting', state_reason = 'deletion was asked for just now', state_problem = null,
                      revision = revision + 1
                    where cluster_id = :cluster and name = :name and state <> 'deleting'""")
    int markDeleting(@Param("cluster") UUID cluster, @Param("name") String name);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from floating_ip where id = :id and state = 'deleting'")
    int delete(@Param("id") UUID id);
}
