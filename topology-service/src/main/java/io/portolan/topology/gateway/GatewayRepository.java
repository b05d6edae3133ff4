package io.portolan.topology.gateway;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of gateways. */
interface GatewayRepository extends Repository<Gateway, UUID> {
    Optional<Gateway> findById(UUID cluster);

    @Query(nativeQuery = true, value = "select cluster_id from gateway")
    List<UUID> ids();

    /** Keeps the cluster from being marked for deletion meanwhile; answers its state. */
    @Query(nativeQuery = true, value = "select state from cluster where id = :cluster for share")
    Optional<String> lockCluster(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = "select cluster_id from gateway where cluster_id = :cluster for update")
    Optional<UUID> lock(@Param("cluster") UUID cluster);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into gateway (cluster_id, physical_network, vlan, network, address, next_hop, chassis, node_class, snat,
                      snat_address, no_snat_cidrs, floating_cidrs, state, state_reason)
                    values (:cluster, cast(:#{#g.physicalNetwork()} as text), cast(:#{#g.vlan()} as int), cast(cast(:#{#g.network()?.toString()} as text) as cidr),
                      cast(cast(:#{#g.address()?.toString()} as text) as inet), cast(cast(:#{#g.nextHop()?.toString()} as text) as inet),
                      string_to_array(:chassis, ' '), cast(:#{#g.nodeClass()} as text), :#{#g.snat()},
                      cast(cast(:#{#g.snatAddress()?.toString()} as text) as inet), cast(string_to_array(:noSnat, ' ') as cidr[]),
                      cast(string_to_array(:floating, ' ') as cidr[]), 'pending', 'declared just now')
                    on conflict (cluster_id) do update set physical_network = excluded.physical_network, vlan = excluded.vlan,
                      network = excluded.network, address = excluded.address, next_hop = excluded.next_hop, chassis = excluded.chassis,
                      node_class = excluded.node_class, snat = excluded.snat, snat_address = excluded.snat_address,
                      no_snat_cidrs = excluded.no_snat_cidrs, floating_cidrs = excluded.floating_cidrs, state = 'pending',
                      state_reason = 'changed just now', state_problem = null, revision = gateway.revision + 1
                    where gateway.state <> 'deleting'""")
    int put(
            @Param("cluster") UUID cluster,
            @Param("chassis") String chassis,
            @Param("noSnat") String noSnat,
            @Param("floating") String floating,
            @Param("g") GatewayClaim gateway);

    /** Whose router on the same segment of the same network has that address. */
    @Query(nativeQuery = true, value = """
                    select c.name from gateway g join cluster c on c.id = g.cluster_id join cluster own on own.id = :cluster
                    where g.cluster_id <> own.id and c.backend = own.backend and g.physical_network = :network
                      and g.vlan is not distinct from cast(:vlan as int) and cast(:address as inet) in (g.address, g.snat_address) limit 1""")
    Optional<String> holder(
            @Param("cluster") UUID cluster,
            @Param("network") String network,
            @Param("vlan") @Nullable Integer vlan,
            @Param("address") String address);

    /** Until the transaction ends, nobody else gives away addresses outside of the cluster; lb-sync-service asks it, too. */
    @Query(nativeQuery = true, value = """
                    select 1 from pg_advisory_xact_lock(hashtextextended('outside of ' || :cluster, 0))""")
    int lockOutside(@Param("cluster") UUID cluster);

    /** A block for Services' addresses that overlaps one of these. */
    @Query(nativeQuery = true, value = """
                    select cast(e as text) from load_balancing b cross join unnest(b.external_cidrs) e
                    where b.cluster_id = :cluster
                      and exists (select 1 from unnest(cast(string_to_array(:blocks, ' ') as cidr[])) f where f && e) limit 1""")
    Optional<String> overlapsServices(@Param("cluster") UUID cluster, @Param("blocks") String blocks);

    /** A floating address that is in none of these. */
    @Query(nativeQuery = true, value = """
                    select name || ' (' || host(ip) || ')' from floating_ip where cluster_id = :cluster and ip is not null
                      and not exists (select 1 from unnest(cast(string_to_array(:blocks, ' ') as cidr[])) f where ip <<= f)
                    order by name limit 1""")
    Optional<String> floatingOutside(@Param("cluster") UUID cluster, @Param("blocks") String blocks);

    /** The oldest ready nodes of a class. */
    @Query(nativeQuery = true, value = """
                    select chassis from node where cluster_id = :cluster and node_class = :class and state = 'ready' and chassis is not null
                    order by joined_at, id limit :most""")
    List<String> chassis(@Param("cluster") UUID cluster, @Param("class") String nodeClass, @Param("most") int most);

    /** The loop's word. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update gateway set state = :state, state_reason = cast(:reason as text), state_problem = cast(:problem as text)
                    where cluster_id = :cluster and state <> 'deleting'
                      and (state, state_reason, state_problem) is distinct from (:state, cast(:reason as text), cast(:problem as text))""")
    int stand(
            @Param("cluster") UUID cluster,
            @Param("state") String state,
            @Param("reason") @Nullable String reason,
            @Param("problem") @Nullable String problem);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update gateway set state = 'ready', state_reason = null, state_problem = null,
                      external_addresses = cast(string_to_array(:addresses, ' ') as inet[])
                    where cluster_id = :cluster and state <> 'deleting' and revision = :revision
                      and (state <> 'ready' or external_addresses <> cast(string_to_array(:addresses, ' ') as inet[]))""")
    int isReady(@Param("cluster") UUID cluster, @Param("revision") long revision, @Param("addresses") String addresses);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update gateway set state_reason = :reason, state_problem = cast(:problem as text)
                    where cluster_id = :cluster and state = 'deleting'""")
    int waitsFor(
            @Param("cluster") UUID cluster, @Param("reason") String reason, @Param("problem") @Nullable String problem);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    update gateway set state = 'deleting', state_reason = 'deletion was asked for just now', state_problem = null,
                      revision = revision + 1
                    where cluster_id = :cluster and state <> 'deleting'""")
    int markDeleting(@Param("cluster") UUID cluster);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from gateway where cluster_id = :cluster and state = 'deleting'")
    int delete(@Param("cluster") UUID cluster);
}
