package io.portolan.topology.node;

import io.portolan.model.api.NodeRegistration;
import java.time.Instant;
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

        String getState();
    }

    /** What a subnet of a node has for its pods. */
    interface SupplyRow {
        UUID getNode();

        int getOrdinal();

        String getState();

        int getPorts();

        int getUsed();

        int getHeld();

        int getIdle();

        boolean getUsedSinceOffer();

        boolean getOfferable();
    }

    /** How many nodes of a cluster are in a state. */
    interface StateRow {
        String getCluster();

        String getState();

        long getCount();
    }

    /** How far the ports of a node are made. */
    interface FillingRow {
        UUID getNode();

        long getReady();

        long getWanted();

        long getLeft();

        double getRate();

        @Nullable Instant getEnd();
    }

    /** So many of something in a cluster. */
    interface RateRow {
        String getCluster();

        double getRate();
    }

    /** How many have a problem. */
    interface ProblemRow {
        String getCluster();

        String getProblem();

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

    /** What is new of the demand wakes the loop where it makes another number of ports wanted, and nobody else does. */
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update node set last_seen = now(), ports_used = cast(:#{#d?.used()} as int), ports_pending = cast(:#{#d?.pending()} as int),
                      ports_wanted = :wanted
                    where id = :id""")
    int seen(@Param("id") UUID id, @Param("d") NodeRegistration.@Nullable Demand demand, @Param("wanted") int wanted);

    @Query(nativeQuery = true, value = """
                    select s.node_id as "node", s.ordinal as "ordinal", s.state as "state",
                      cast(count(p.id) filter (where p.state <> 'draining') as int) as "ports",
                      cast(count(p.id) filter (where p.state in ('bound', 'cooling')) as int) as "used",
                      cast(count(p.id) filter (where p.lease_epoch is not null) as int) as "held",
                      cast(count(p.id) filter (where p.state = 'leased') as int) as "idle",
                      coalesce(bool_or(p.state = 'bound' and p.changed_at > s.offered_at), false) as "usedSinceOffer",
                      s.refused_at is null or s.refused_at < now() - make_interval(secs => :rest) as "offerable"
                    from subnet s left join port p on p.subnet_id = s.id
                    where s.node_id in (:nodes) group by s.id order by s.node_id, s.ordinal""")
    List<SupplyRow> supply(@Param("nodes") Collection<UUID> nodes, @Param("rest") long restSeconds);

    /** Could do without a further subnet, since now unless it was so before. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "update node set surplus_since = now() where id = :id and surplus_since is null")
    int surplus(@Param("id") UUID id);

    @Transactional
    @Modifying
    @Query(
            nativeQuery = true,
            value = "update node set surplus_since = null where id = :id and surplus_since is not null")
    int noSurplus(@Param("id") UUID id);

    /** By the ledger's clock. */
    @Query(
            nativeQuery = true,
            value =
                    "select exists (select from node where id = :id and surplus_since <= now() - make_interval(secs => :seconds))")
    boolean surplusFor(@Param("id") UUID id, @Param("seconds") long seconds);

    /** In milliseconds; never positive for a node that was silent for as long as the lease. */
    @Query(nativeQuery = true, value = """
                    select cast(:leaseMillis - extract(epoch from now() - last_seen) * 1000 as bigint) from node where id = :id""")
    long leaseLeft(@Param("id") UUID id, @Param("leaseMillis") long leaseMillis);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = :state, state_reason = cast(:reason as text), state_problem = cast(:problem as text),
                      revision = revision + 1
                    where id = :id and state not in ('draining', 'fenced')
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stand(
            @Param("id") UUID id,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state_reason = :reason, state_problem = cast(:problem as text)
                    where id = :id and (state_reason, state_problem) is distinct from (:reason, cast(:problem as text))""")
    int because(@Param("id") UUID id, @Param("reason") String reason, @Param("problem") @Nullable String problem);

    /** Whether the node's VM is another than the one that some of its ports are nested in. */
    @Query(nativeQuery = true, value = """
                    select exists (select from port where node_id = :id and parent is distinct from :parent)""")
    boolean nestedElsewhere(@Param("id") UUID id, @Param("parent") String parent);

    /** Whether the node has no subnet, or ports that are still to be made. */
    @Query(nativeQuery = true, value = """
                    select not exists (select from subnet where node_id = :id)
                      or exists (select from port where node_id = :id and state in ('planned', 'provisioning'))""")
    boolean hasPortsToMake(@Param("id") UUID id);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = 'draining', state_reason = 'removal was asked for just now', state_problem = null,
                      force_drain = force_drain or :force, revision = revision + 1
                    where cluster_id = :cluster and name = :name and (state <> 'draining' or (:force and not force_drain))""")
    int drain(@Param("cluster") UUID cluster, @Param("name") String name, @Param("force") boolean force);

    /** Whatever its agent still has under way bears the old epoch. Not while the node's lease runs. */
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update node set state = 'fenced', epoch = epoch + 1, state_reason = 'it vanished, and was fenced just now', state_problem = null,
                      revision = revision + 1
                    where id = :id and state not in ('draining', 'fenced') and last_seen <= now() - make_interval(secs => :leaseMillis / 1000.0)""")
    int fence(@Param("id") UUID id, @Param("leaseMillis") long leaseMillis);

    /** A fenced node's agent has spoken. */
    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update node set state = 'joining', state_reason = 'it came back after it had been fenced', state_problem = null, revision = revision + 1
                    where id = :id and state = 'fenced'""")
    int unfence(@Param("id") UUID id);

    /** Only if it is silent still. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node set state = 'draining', force_drain = true, revision = revision + 1,
                      state_reason = 'it was fenced, and the network has nothing of it bound', state_problem = null
                    where id = :id and state = 'fenced' and last_seen <= now() - make_interval(secs => :leaseMillis / 1000.0)""")
    int giveUp(@Param("id") UUID id, @Param("leaseMillis") long leaseMillis);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from node where id = :id and state = 'draining'")
    int delete(@Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    select node_id as node, state, count(*) as count from port where node_id in (:nodes) group by node_id, state""")
    List<CountRow> ports(@Param("nodes") Collection<UUID> nodes);

    /** Only nodes of which ports are to be made. What was made in two minutes counts, or since the last subnet was cut. */
    @Query(nativeQuery = true, value = """
                    select f.node as "node", f.ready as "ready", f.wanted as "wanted", f.left as "left", f.rate as "rate",
                      case when f.rate > 0 then now() + make_interval(secs => f.left / f.rate) end as "end"
                    from (
                      select p.node_id as node,
                        count(*) filter (where p.state in ('free', 'leased', 'bound', 'cooling')) as ready,
                        count(*) filter (where p.state <> 'draining') as wanted,
                        count(*) filter (where p.state in ('planned', 'provisioning')) as left,
                        count(*) filter (where p.made_at >= w.since)
                          / greatest(1, cast(extract(epoch from now() - w.since) as double precision)) as rate
                      from port p join (
                        select s.node_id, greatest(now() - interval '2 minutes', max(s.created_at)) as since
                        from subnet s where s.node_id in (:nodes) group by s.node_id) w on w.node_id = p.node_id
                      group by p.node_id, w.since) f
                    where f.left > 0""")
    List<FillingRow> filling(@Param("nodes") Collection<UUID> nodes);

    @Query(nativeQuery = true, value = """
                    select c.name as "cluster", count(p.id) / cast(120 as double precision) as "rate"
                    from cluster c left join port p on p.cluster_id = c.id and p.made_at > now() - interval '2 minutes' group by c.name""")
    List<RateRow> madeASecond();

    @Query(nativeQuery = true, value = """
                    select c.name as "cluster", t.problem as "problem", count(*) as "count"
                    from cluster c join (
                      select id as cluster_id, state_problem as problem from cluster
                      union all select cluster_id, state_problem from node) t on t.cluster_id = c.id
                    where t.problem is not null group by 1, 2""")
    List<ProblemRow> problems();

    @Query(nativeQuery = true, value = """
                    select id, node_id as node, ordinal, cidr::text as cidr, host(gateway) as gateway, gateway_mac::text as "gatewayMac", state
                    from subnet where node_id in (:nodes) order by node_id, ordinal""")
    List<SubnetRow> subnets(@Param("nodes") Collection<UUID> nodes);

    @Query(nativeQuery = true, value = """
                    select c.name as cluster, n.state, count(*) as count from node n join cluster c on c.id = n.cluster_id group by 1, 2""")
    List<StateRow> nodesByState();

    @Query(nativeQuery = true, value = """
                    select c.name as cluster, p.state, count(*) as count from port p join cluster c on c.id = p.cluster_id group by 1, 2""")
    List<StateRow> portsByState();
}
