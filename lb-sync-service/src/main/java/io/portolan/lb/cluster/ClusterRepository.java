package io.portolan.lb.cluster;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of clusters and of how their Services are watched. */
interface ClusterRepository extends Repository<Cluster, UUID> {
    /** A declaration; lists as text with commas. */
    interface DeclaredRow {
        UUID getCluster();

        @Nullable String getSecretRef();

        String getBalancerClass();

        boolean getUnclassed();

        boolean getOutside();

        String getNodePortCidrs();

        String getNodePortAddresses();

        String getExternalCidrs();

        String getState();

        @Nullable String getReason();

        long getRevision();
    }

    /** A node that has joined. */
    interface NodeRow {
        UUID getId();

        String getName();
    }

    Optional<Cluster> findById(UUID id);

    Optional<Cluster> findByName(String name);

    @Query(nativeQuery = true, value = """
                    select cluster_id as "cluster", secret_ref as "secretRef", load_balancer_class as "balancerClass", unclassed,
                      cluster_addresses_outside as "outside", array_to_string(node_port_cidrs, ',') as "nodePortCidrs",
                      (select coalesce(string_agg(host(a), ','), '') from unnest(node_port_addresses) a) as "nodePortAddresses",
                      array_to_string(external_cidrs, ',') as "externalCidrs", state, state_reason as "reason", revision
                    from load_balancing""")
    List<DeclaredRow> declared();

    @Query(nativeQuery = true, value = """
                    select cluster_id as "cluster", secret_ref as "secretRef", load_balancer_class as "balancerClass", unclassed,
                      cluster_addresses_outside as "outside", array_to_string(node_port_cidrs, ',') as "nodePortCidrs",
                      (select coalesce(string_agg(host(a), ','), '') from unnest(node_port_addresses) a) as "nodePortAddresses",
                      array_to_string(external_cidrs, ',') as "externalCidrs", state, state_reason as "reason", revision
                    from load_balancing where cluster_id = :id""")
    Optional<DeclaredRow> declared(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into load_balancing (cluster_id, secret_ref, load_balancer_class, unclassed, cluster_addresses_outside,
                      node_port_cidrs, node_port_addresses, external_cidrs, state, state_reason)
                    values (:id, cast(:#{#s.kubernetes().secretRef()} as text), :#{#s.loadBalancerClass()}, :#{#s.unclassed()},
                      :#{#s.clusterAddressesOutside()}, cast(string_to_array(:nodePortCidrs, ',') as cidr[]),
                      cast(string_to_array(:nodePortAddresses, ',') as inet[]), cast(string_to_array(:externalCidrs, ',') as cidr[]),
                      'pending', 'declared just now')
                    on conflict (cluster_id) do update set secret_ref = excluded.secret_ref,
                      load_balancer_class = excluded.load_balancer_class, unclassed = excluded.unclassed,
                      cluster_addresses_outside = excluded.cluster_addresses_outside, node_port_cidrs = excluded.node_port_cidrs,
                      node_port_addresses = excluded.node_port_addresses, external_cidrs = excluded.external_cidrs,
                      revision = load_balancing.revision + 1""")
    int declare(
            @Param("id") UUID id,
            @Param("nodePortCidrs") String nodePortCidrs,
            @Param("nodePortAddresses") String nodePortAddresses,
            @Param("externalCidrs") String externalCidrs,
            @Param("s") LoadBalancingSpec spec);

    /** How the watch stands; it wakes nobody. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update load_balancing set state = :state, state_reason = cast(:reason as text)
                    where cluster_id = :id and state <> 'deleting' and (state, state_reason) is distinct from (:state, cast(:reason as text))""")
    int stand(@Param("id") UUID id, @Param("state") String state, @Param("reason") @Nullable String reason);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update load_balancing set state = 'deleting', state_reason = 'its load balancers are being deleted', revision = revision + 1
                    where cluster_id = :id and state <> 'deleting'""")
    int markDeleting(@Param("id") UUID id);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    delete from load_balancing g where cluster_id = :id and state = 'deleting'
                      and not exists (select 1 from load_balancer b where b.cluster_id = g.cluster_id)""")
    int forget(@Param("id") UUID id);

    /** An external address that is granted and in none of these blocks. */
    @Query(nativeQuery = true, value = """
                    select host(ip) from external_address where cluster_id = :id
                      and not exists (select 1 from unnest(cast(string_to_array(:externalCidrs, ',') as cidr[])) c where ip <<= c) limit 1""")
    Optional<String> grantedOutside(@Param("id") UUID id, @Param("externalCidrs") String externalCidrs);

    /** Until the transaction ends, nobody else gives away addresses outside of the cluster; topology-service asks it, too. */
    @Query(nativeQuery = true, value = """
                    select 1 from pg_advisory_xact_lock(hashtextextended('outside of ' || :id, 0))""")
    int lockOutside(@Param("id") UUID id);

    /** A block of the gateway's floating addresses that overlaps one of these. */
    @Query(nativeQuery = true, value = """
                    select cast(f as text) from gateway g cross join unnest(g.floating_cidrs) f where g.cluster_id = :id
                      and exists (select 1 from unnest(cast(string_to_array(:externalCidrs, ',') as cidr[])) e where e && f) limit 1""")
    Optional<String> overlapsFloating(@Param("id") UUID id, @Param("externalCidrs") String externalCidrs);

    @Query(nativeQuery = true, value = "select id, name from node where cluster_id = :id")
    List<NodeRow> nodes(@Param("id") UUID id);
}
