package io.portolan.topology.node;

import io.portolan.model.api.NodeRegistration;
import java.util.Collection;
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

/** The SQL of nodes; subnets and ports are ipam-service's and only counted here. */
interface NodeRepository extends Repository<Node, UUID> {
    /** How many ports of a node are in a state. */
    interface CountRow {
        UUID getNode();

        String getState();

        long getCount();
    }

    /** A subnet of a node. */
    interface SubnetRow {
        UUID getId();

        UUID getNode();

        int getOrdinal();

        String getCidr();

        String getGateway();

        String getGatewayMac();
    }

    /** How many nodes of a cluster are in a state. */
    interface StateRow {
        String getCluster();

        String getState();

        long getCount();
    }

    Optional<Node> findById(UUID id);

    Optional<Node> findByClusterIdAndName(UUID clusterId, String name);

    List<Node> findByClusterIdAndNameGreaterThanOrderByName(UUID clusterId, String name, Limit limit);

    @Query(nativeQuery = true, value = "select id from node")
    List<UUID> ids();

    @Query(nativeQuery = true, value = "select id from node where cluster_id = :cluster and name = :name for update")
    Optional<UUID> lock(@Param("cluster") UUID cluster, @Param("name") String name);

    /** Keeps the cluster from being deleted until this transaction ends. */
    @Query(nativeQuery = true, value = "select state from cluster where id = :cluster for share")
    Optional<String> clusterState(@Param("cluster") UUID cluster);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, parent_port, node_class, agent, epoch, state, state_reason)
                    values (:id, :cluster, :name, :#{#r.cpus()}, :#{#r.memoryMiB()}, :#{#r.maxPods()}, cast(:#{#r.chassis()} as text),
                      cast(:#{#r.parentPort()} as text), cast(:#{#r.nodeClass()} as text), :#{#r.agent()}, 1, 'joining', 'registered just now')""")
    int insert(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("name") String name,
            @Param("r") NodeRegistration registration);

    /** Another agent raises the epoch in the same statement that stores it. */
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update node set cpus = :#{#r.cpus()}, memory_mib = :#{#r.memoryMiB()}, max_pods = :#{#r.maxPods()},
                      chassis = cast(:#{#r.chassis()} as text), parent_port = cast(:#{#r.parentPort()} as text),
                      node_class = cast(:#{#r.nodeClass()} as text), epoch = epoch + case when agent = :#{#r.agent()} then 0 else 1 end,
                      agent = :#{#r.agent()}, last_seen = now(), revision = revision + 1
                    where id = :id""")
    int update(@Param("id") UUID id, @Param("r") NodeRegistration registration);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = "update node set last_seen = now() where id = :id")
    int seen(@Param("id") UUID id);

    /** In milliseconds; never positive for a node that was silent for as long as the lease. */
    @Query(nativeQuery = true, value = """
                    select cast(:leaseMillis - extract(epoch from now() - last_seen) * 1000 as bigint) from node where id = :id""")
    long leaseLeft(@Param("id") UUID id, @Param("leaseMillis") long leaseMillis);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = :state, state_reason = cast(:reason as text), revision = revision + 1
                    where id = :id and state <> 'draining' and (state, state_reason) is distinct from (:state, cast(:reason as text))""")
    int stand(@Param("id") UUID id, @Param("state") String state, @Param("reason") @Nullable String reason);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state_reason = :reason where id = :id and state_reason is distinct from :reason""")
    int because(@Param("id") UUID id, @Param("reason") String reason);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = 'draining', state_reason = 'removal was asked for just now',
                      force_drain = force_drain or :force, revision = revision + 1
                    where cluster_id = :cluster and name = :name and (state <> 'draining' or (:force and not force_drain))""")
    int drain(@Param("cluster") UUID cluster, @Param("name") String name, @Param("force") boolean force);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from node where id = :id and state = 'draining'")
    int delete(@Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    select node_id as node, state, count(*) as count from port where node_id in (:nodes) group by node_id, state""")
    List<CountRow> ports(@Param("nodes") Collection<UUID> nodes);

    @Query(nativeQuery = true, value = """
                    select id, node_id as node, ordinal, cidr::text as cidr, host(gateway) as gateway, gateway_mac::text as "gatewayMac"
                    from subnet where node_id in (:nodes) order by node_id, ordinal""")
    List<SubnetRow> subnets(@Param("nodes") Collection<UUID> nodes);

    @Query(nativeQuery = true, value = """
                    select c.name as cluster, n.state, count(*) as count from node n join cluster c on c.id = n.cluster_id group by 1, 2""")
    List<StateRow> nodesByState();

    @Query(nativeQuery = true, value = """
                    select c.name as cluster, p.state, count(*) as count from port p join cluster c on c.id = p.cluster_id group by 1, 2""")
    List<StateRow> portsByState();
}
