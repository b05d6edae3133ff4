package io.portolan.lb.balancer;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;
import org.springframework.transaction.annotation.Transactional;

/** The SQL of load balancers. */
interface BalancerRepository extends Repository<BalancerRow, UUID> {
    /** How one stands. */
    interface StandingRow {
        UUID getId();

        String getNamespace();

        String getName();

        String getServiceUid();

        String getFingerprint();

        String getState();

        @Nullable String getReason();

        @Nullable String getExternal();

        long getPlaces();

        Instant getChangedAt();

        long getRevision();
    }

    /** A place of a balancer in a network. */
    interface ListenerRow {
        UUID getBalancer();

        String getIp();

        String getProtocol();

        int getPort();

        String getReach();

        String getSpread();

        String getOnEmpty();

        @Nullable Integer getAffinity();

        String getSources();

        String getPool();
    }

    /** Who answers, and whose port that is. */
    interface MemberRow {
        String getPool();

        String getIp();

        int getPort();

        @Nullable UUID getNode();

        @Nullable UUID getPortId();
    }

    @Query(nativeQuery = true, value = """
                    select b.id, b.namespace, b.name, b.service_uid as "serviceUid", b.fingerprint, b.state, b.state_reason as "reason",
                      host(e.ip) as "external", (select count(*) from listener l where l.load_balancer_id = b.id) as "places", b.changed_at as "changedAt", b.revision
                    from load_balancer b left join external_address e on e.load_balancer_id = b.id where b.cluster_id = :cluster""")
    List<StandingRow> all(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
                    select b.id, b.namespace, b.name, b.service_uid as "serviceUid", b.fingerprint, b.state, b.state_reason as "reason",
                      host(e.ip) as "external", (select count(*) from listener l where l.load_balancer_id = b.id) as "places", b.changed_at as "changedAt", b.revision
                    from load_balancer b left join external_address e on e.load_balancer_id = b.id
                    where b.cluster_id = :cluster and (b.namespace, b.name) > (:namespace, :name)
                    order by b.namespace, b.name limit :most""")
    List<StandingRow> page(
            @Param("cluster") UUID cluster,
            @Param("namespace") String namespace,
            @Param("name") String name,
            @Param("most") int most);

    @Query(nativeQuery = true, value = """
                    select b.id, b.namespace, b.name, b.service_uid as "serviceUid", b.fingerprint, b.state, b.state_reason as "reason",
                      host(e.ip) as "external", (select count(*) from listener l where l.load_balancer_id = b.id) as "places", b.changed_at as "changedAt", b.revision
                    from load_balancer b left join external_address e on e.load_balancer_id = b.id where b.id = :id""")
    Optional<StandingRow> one(@Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    select load_balancer_id as "balancer", host(ip) as "ip", protocol, port, reach, spread, on_empty as "onEmpty",
                      affinity_seconds as "affinity", array_to_string(sources, ',') as "sources", pool
                    from listener where load_balancer_id = :id order by listener.ip, protocol, port, reach""")
    List<ListenerRow> listeners(@Param("id") UUID id);

    @Query(nativeQuery = true, value = """
                    select m.pool, host(m.ip) as "ip", m.port, coalesce(m.node_id, p.node_id) as "node", p.id as "portId"
                    from member m join load_balancer b on b.id = m.load_balancer_id
                    left join port p on p.cluster_id = b.cluster_id and p.ip = m.ip
                    where m.load_balancer_id = :id order by m.pool, m.ip, m.port""")
    List<MemberRow> members(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into load_balancer (id, cluster_id, namespace, name, service_uid, fingerprint, state, state_reason)
                    values (:id, :cluster, :namespace, :name, :uid, :fingerprint, 'pending', 'not in the network yet')
                    on conflict (id) do update set service_uid = excluded.service_uid, fingerprint = excluded.fingerprint,
                      state = 'pending', state_reason = excluded.state_reason, changed_at = now(), revision = load_balancer.revision + 1""")
    int put(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("namespace") String namespace,
            @Param("name") String name,
            @Param("uid") String uid,
            @Param("fingerprint") String fingerprint);

    @Modifying
    @Query(nativeQuery = true, value = "delete from listener where load_balancer_id = :id")
    int clearListeners(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = "delete from member where load_balancer_id = :id")
    int clearMembers(@Param("id") UUID id);

    /** Leaves out the places that another balancer has. In a fixed order, so that two writers do not wait for each other. */
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into listener (load_balancer_id, cluster_id, ip, protocol, port, reach, spread, on_empty, affinity_seconds, sources, pool)
                    select :id, :cluster, cast(x.ip as inet), x.protocol, x.port, x.reach, x.spread, x."onEmpty", x.affinity,
                      cast(string_to_array(x.sources, ',') as cidr[]), x.pool
                    from jsonb_to_recordset(cast(:json as jsonb)) as x(ip text, protocol text, port int, reach text, spread text,
                      "onEmpty" text, affinity int, sources text, pool text)
                    order by x.ip, x.protocol, x.port, x.reach
                    on conflict (cluster_id, ip, protocol, port, reach) do nothing""")
    int insertListeners(@Param("id") UUID id, @Param("cluster") UUID cluster, @Param("json") String json);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into member (load_balancer_id, pool, ip, port, node_id)
                    select :id, x.pool, cast(x.ip as inet), x.port, cast(x.node as uuid)
                    from jsonb_to_recordset(cast(:json as jsonb)) as x(pool text, ip text, port int, node text)
                    on conflict do nothing""")
    int insertMembers(@Param("id") UUID id, @Param("json") String json);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    update load_balancer set state = :state, state_reason = cast(:reason as text), changed_at = now(), revision = revision + 1
                    where id = :id and fingerprint = :fingerprint and (state, state_reason) is distinct from (:state, cast(:reason as text))""")
    int stand(
            @Param("id") UUID id,
            @Param("fingerprint") String fingerprint,
            @Param("state") String state,
            @Param("reason") @Nullable String reason);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from load_balancer where id = :id")
    int delete(@Param("id") UUID id);

    @Query(nativeQuery = true, value = "select host(ip) from external_address where load_balancer_id = :id")
    Optional<String> external(@Param("id") UUID id);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "delete from external_address where load_balancer_id = :id")
    int release(@Param("id") UUID id);

    @Modifying
    @Query(nativeQuery = true, value = """
                    delete from external_address where load_balancer_id = :id and host(ip) <> :ip""")
    int releaseOthers(@Param("id") UUID id, @Param("ip") String ip);

    /** One address is one balancer's: who has it now had it from the network. */
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into external_address (cluster_id, ip, load_balancer_id) values (:cluster, cast(:ip as inet), :id)
                    on conflict (cluster_id, ip) do update set load_balancer_id = excluded.load_balancer_id
                      where external_address.load_balancer_id <> excluded.load_balancer_id""")
    int given(@Param("id") UUID id, @Param("cluster") UUID cluster, @Param("ip") String ip);

    /** The first address of the cluster's blocks that nobody has, or the one that is asked for. */
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into external_address (cluster_id, ip, load_balancer_id)
                    select g.cluster_id, a.ip, :id
                    from load_balancing g
                    cross join lateral unnest(g.external_cidrs) c
                    cross join lateral (select set_masklen(c + i, 32) as ip
                                        from generate_series(0, cast(2 ^ (32 - masklen(c)) as bigint) - 1) i) a
                    where g.cluster_id = :cluster and (:wanted = '' or host(a.ip) = :wanted)
                      and not exists (select 1 from external_address e where e.cluster_id = g.cluster_id and e.ip = a.ip)
                    order by a.ip limit 1
                    on conflict do nothing""")
    int grant(@Param("id") UUID id, @Param("cluster") UUID cluster, @Param("wanted") String wanted);

    /** A row to hang an address on, before it is known what the balancer should be. */
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into load_balancer (id, cluster_id, namespace, name, service_uid, fingerprint, state, state_reason)
                    values (:id, :cluster, :namespace, :name, :uid, '', 'pending', 'not in the network yet')
                    on conflict (id) do nothing""")
    int putEmpty(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("namespace") String namespace,
            @Param("name") String name,
            @Param("uid") String uid);
}
