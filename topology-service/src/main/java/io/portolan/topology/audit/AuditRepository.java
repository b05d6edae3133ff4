package io.portolan.topology.audit;

import java.time.Instant;
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

/** The SQL of audits and of what nodes say that they hold; ports are ipam-service's and only read here. */
interface AuditRepository extends Repository<NodeCache, UUID> {
    /** A node, and whether it said what it holds. */
    interface NodeRow {
        UUID getId();

        String getName();

        @Nullable String getChassis();

        String getState();

        /** Not for long; a node that joined lately has time. */
        boolean getSilent();

        /** By its present agent, and lately. */
        boolean getTold();
    }

    /** A port as the ledger has it. */
    interface PortRow {
        UUID getId();

        String getIp();

        String getMac();

        @Nullable String getParent();

        @Nullable Integer getTag();

        @Nullable String getBackend();

        String getState();

        @Nullable String getSandbox();

        @Nullable String getInterface();

        /** Whether the node has it on lease. */
        boolean getHeld();

        /** Whether it is as it is for longer than the grace. */
        boolean getSettled();

        /** Whether it was so when the node last said what it holds, too. */
        boolean getToldOf();
    }

    /** The last audit. */
    interface AuditRow {
        UUID getRun();

        Instant getStarted();

        Instant getEnded();

        int getNodes();

        int getTold();

        int getPorts();

        String getParts();
    }

    /** How many findings of a kind. */
    interface CountRow {
        String getKind();

        long getCount();
    }

    /** How many findings of a kind in a cluster. */
    interface MeterRow {
        String getCluster();

        @Nullable String getKind();

        long getCount();

        double getAge();
    }

    /** A finding. */
    interface FindingRow {
        String getKind();

        UUID getSubject();

        @Nullable UUID getPort();

        @Nullable String getIp();

        UUID getNode();

        @Nullable String getName();

        String getSays();

        Instant getSince();

        long getAge();
    }

    @Query(nativeQuery = true, value = """
                    select n.id, n.name, n.chassis, n.state,
                      greatest(coalesce(c.seen_at, n.joined_at), n.joined_at) < now() - make_interval(secs => :age) as "silent",
                      coalesce(c.epoch = n.epoch and c.seen_at >= now() - make_interval(secs => :age), false) as "told"
                    from node n left join node_cache c on c.node_id = n.id where n.cluster_id = :cluster order by n.name""")
    List<NodeRow> nodes(@Param("cluster") UUID cluster, @Param("age") double age);

    @Query(nativeQuery = true, value = """
                    select p.id, host(p.ip) as "ip", cast(p.mac as text) as "mac", p.parent, p.vlan_tag as "tag", p.backend_id as "backend", p.state,
                      p.sandbox, p.interface, p.lease_epoch is not null and p.state in ('leased', 'bound', 'cooling') as "held",
                      p.changed_at < now() - make_interval(secs => :grace) as "settled",
                      coalesce(p.changed_at < c.seen_at - make_interval(secs => :grace), false) as "toldOf"
                    from port p left join node_cache c on c.node_id = p.node_id where p.node_id = :node""")
    List<PortRow> ports(@Param("node") UUID node, @Param("grace") double grace);

    @Query(nativeQuery = true, value = "select cast(ports as text) from node_cache where node_id = :node")
    Optional<String> cache(@Param("node") UUID node);

    /** What the port's row says now changed after it was first seen: that was another disagreement. */
    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into audit_finding as f (cluster_id, kind, subject, node_id, port_id, ip, says, run)
                    select :cluster, r.kind, r.subject, r.node, r.port, cast(r.ip as inet), r.says, :run
                    from jsonb_to_recordset(cast(:rows as jsonb)) as r (kind text, subject uuid, node uuid, port uuid, ip text, says jsonb)
                    on conflict (cluster_id, kind, subject) do update set node_id = excluded.node_id, port_id = excluded.port_id,
                      ip = excluded.ip, says = excluded.says, run = excluded.run, last_seen = now(),
                      first_seen = case when exists (select from port p where p.id = f.subject and p.changed_at > f.first_seen) then now()
                        else f.first_seen end""")
    int saw(@Param("cluster") UUID cluster, @Param("run") UUID run, @Param("rows") String rows);

    /** Nodes of which something was seen that no earlier look is old enough to confirm. */
    @Query(nativeQuery = true, value = """
                    select distinct node_id from audit_finding
                    where cluster_id = :cluster and run = :run and first_seen > last_seen - make_interval(secs => :grace)""")
    List<UUID> unconfirmed(@Param("cluster") UUID cluster, @Param("run") UUID run, @Param("grace") double grace);

    /** What is seen of these nodes counts only if it is seen again. */
    @Transactional
    @Modifying
    @Query(
            nativeQuery = true,
            value =
                    "update audit_finding set run = :none where cluster_id = :cluster and run = :run and node_id in (:nodes)")
    int lookAgain(
            @Param("cluster") UUID cluster,
            @Param("run") UUID run,
            @Param("nodes") Collection<UUID> nodes,
            @Param("none") UUID none);

    @Transactional
    @Modifying
    @Query(
            nativeQuery = true,
            value = "delete from audit_finding where cluster_id = :cluster and run <> :run and kind in (:kinds)")
    int forget(@Param("cluster") UUID cluster, @Param("run") UUID run, @Param("kinds") Collection<String> kinds);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into audit (cluster_id, run, started_at, ended_at, nodes, told, ports, parts)
                    values (:cluster, :run, now() - make_interval(secs => :took), now(), :nodes, :told, :ports, cast(:parts as jsonb))
                    on conflict (cluster_id) do update set run = excluded.run, started_at = excluded.started_at, ended_at = excluded.ended_at,
                      nodes = excluded.nodes, told = excluded.told, ports = excluded.ports, parts = excluded.parts""")
    int ended(
            @Param("cluster") UUID cluster,
            @Param("run") UUID run,
            @Param("took") double took,
            @Param("nodes") int nodes,
            @Param("told") int told,
            @Param("ports") int ports,
            @Param("parts") String parts);

    @Query(nativeQuery = true, value = """
                    select run, started_at as "started", ended_at as "ended", nodes, told, ports, cast(parts as text) as "parts"
                    from audit where cluster_id = :cluster""")
    Optional<AuditRow> last(@Param("cluster") UUID cluster);

    @Query(
            nativeQuery = true,
            value =
                    "select exists (select from audit where cluster_id = :cluster and ended_at > now() - make_interval(secs => :period))")
    boolean isRecent(@Param("cluster") UUID cluster, @Param("period") double period);

    @Query(nativeQuery = true, value = """
                    select kind, count(*) as "count" from audit_finding
                    where cluster_id = :cluster and run = :run and first_seen <= last_seen - make_interval(secs => :grace) group by kind""")
    List<CountRow> counts(@Param("cluster") UUID cluster, @Param("run") UUID run, @Param("grace") double grace);

    /** @param after the kind and the subject of the last one that is known, with a blank between */
    @Query(nativeQuery = true, value = """
                    select f.kind, f.subject, f.port_id as "port", host(f.ip) as "ip", f.node_id as "node", n.name, cast(f.says as text) as "says",
                      f.first_seen as "since", cast(extract(epoch from now() - f.first_seen) as bigint) as "age"
                    from audit_finding f left join node n on n.id = f.node_id
                    where f.cluster_id = :cluster and f.run = :run and f.first_seen <= f.last_seen - make_interval(secs => :grace)
                      and (f.kind || ' ' || f.subject) collate "C" > :after
                    order by (f.kind || ' ' || f.subject) collate "C" limit :limit""")
    List<FindingRow> findings(
            @Param("cluster") UUID cluster,
            @Param("run") UUID run,
            @Param("grace") double grace,
            @Param("after") String after,
            @Param("limit") int limit);

    /** By cluster and kind; a cluster without findings has one row without a kind. */
    @Query(nativeQuery = true, value = """
                    select c.name as "cluster", f.kind, count(f.subject) as "count", cast(extract(epoch from now() - a.ended_at) as double precision) as "age"
                    from audit a join cluster c on c.id = a.cluster_id left join audit_finding f on f.cluster_id = a.cluster_id and f.run = a.run
                      and f.first_seen <= f.last_seen - make_interval(secs => :grace)
                    group by c.name, f.kind, a.ended_at""")
    List<MeterRow> meters(@Param("grace") double grace);

    Optional<NodeCache> findById(UUID node);

    /** Empty where the node is unknown, or this agent is not its present one; locks the node's row against another agent. */
    @Query(nativeQuery = true, value = """
                    select n.id from node n join cluster c on c.id = n.cluster_id
                    where c.name = :cluster and n.name = :node and n.epoch = :epoch for share of n""")
    Optional<UUID> present(@Param("cluster") String cluster, @Param("node") String node, @Param("epoch") long epoch);

    @Query(nativeQuery = true, value = """
                    select n.id from node n join cluster c on c.id = n.cluster_id where c.name = :cluster and n.name = :node""")
    Optional<UUID> node(@Param("cluster") String cluster, @Param("node") String node);

    @Modifying
    @Query(nativeQuery = true, value = """
                    insert into node_cache (node_id, epoch, digest, ports) values (:node, :epoch, :digest, cast(:ports as jsonb))
                    on conflict (node_id) do update set epoch = excluded.epoch, digest = excluded.digest, ports = excluded.ports, seen_at = now(),
                      compare_wanted = false""")
    int told(
            @Param("node") UUID node,
            @Param("epoch") long epoch,
            @Param("digest") String digest,
            @Param("ports") String ports);

    /** @return 0 where the ports of this digest are not known */
    @Modifying
    @Query(nativeQuery = true, value = """
                    update node_cache set seen_at = now(), epoch = :epoch, compare_wanted = false where node_id = :node and digest = :digest""")
    int stillSo(@Param("node") UUID node, @Param("epoch") long epoch, @Param("digest") String digest);

    @Transactional
    @Modifying
    @Query(nativeQuery = true, value = "update node_cache set compare_wanted = true where node_id in (:nodes)")
    int compare(@Param("nodes") Collection<UUID> nodes);
}
