package io.portolan.ipam.subnet;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.CountsRow;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

/**
 * The allocator is a query: best fit over aligned blocks.
 *
 * <p>A largest free aligned block of a pool is either the whole pool or the <em>buddy</em> (the other half of the parent
 * block) of a block that holds a subnet: were its buddy free as well, their parent would be a larger free block. So the
 * candidates are the buddies of all blocks around all subnets. One that is itself such a block is not free, and every other
 * is: no subnet is larger than it and around it, for that one would be around its buddy, too. So the free space is a difference
 * of two sets, and no block is held against every subnet. The smallest that fits is taken, at its lowest address: a larger hole is never broken while a smaller one will do, and
 * nodes of mixed sizes pack tightly. Rejected: first fit, which breaks large holes; a table of free blocks, which is a
 * second truth to keep; walking candidate after candidate from the service.
 *
 * <p>Nothing here knows how long an address is but the range of ports: IPv6 blocks are cut by the same query.
 */
interface SubnetRepository extends LedgerRepository<Subnet, UUID> {
    /** A block and the pool that it is of. */
    interface Block {
        String getPool();

        String getCidr();
    }

    /** How much is left. */
    interface Space {
        long getFree();

        @Nullable Integer getLargest();
    }

    /** Free blocks of at least the size of {@code :longest}, as {@code free (pool, block)}. */
    String FREE_BLOCKS = """
            with around as (
              select distinct o.name as pool, set_masklen(s.cidr, length) as block
              from pool o join subnet s on s.cluster_id = o.cluster_id and s.pool = o.name
                cross join generate_series(masklen(o.cidr) + 1, least(masklen(s.cidr), :longest)) as length
              where o.cluster_id = :cluster and family(o.cidr) = 4),
            free as (
              select o.name as pool, o.cidr as block
              from pool o where o.cluster_id = :cluster and family(o.cidr) = 4 and masklen(o.cidr) <= :longest
                and not exists (select from subnet s where s.cluster_id = o.cluster_id and s.pool = o.name)
              union all
              (select a.pool, case when host(a.block) = host(set_masklen(a.block, masklen(a.block) - 1))
                                   then cast(broadcast(a.block) + 1 as cidr)
                                   else set_masklen(set_masklen(a.block, masklen(a.block) - 1), masklen(a.block)) end
               from around a
               except
               select a.pool, a.block from around a))
            """;

    @Query(nativeQuery = true, value = FREE_BLOCKS + """
            select f.pool as "pool", text(set_masklen(f.block, :longest)) as "cidr" from free f
            order by masklen(f.block) desc, f.block limit 1""")
    Optional<Block> bestFit(@Param("cluster") UUID cluster, @Param("longest") int prefixLength);

    /** Free blocks are disjoint, so with all of them counted their sizes add up to what is free. */
    @Query(nativeQuery = true, value = FREE_BLOCKS + """
            select coalesce(cast(sum(2 ^ (32 - masklen(f.block))) as bigint), 0) as "free", min(masklen(f.block)) as "largest"
            from free f""")
    Space space(@Param("cluster") UUID cluster, @Param("longest") int longest);

    @Query(nativeQuery = true, value = """
            insert into subnet as s (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac)
            select :id, :cluster, :node, :ordinal, :pool, b.cidr, b.gateway,
                   cast('0a58' || lpad(to_hex(b.gateway - inet '0.0.0.0'), 8, '0') as macaddr)
            from (select cast(:cidr as cidr) as cidr, cast(host(cast(:cidr as cidr)) as inet) + 1 as gateway) b
            returning
            """ + SubnetRow.COLUMNS)
    SubnetRow insert(
            @Param("id") UUID id,
            @Param("cluster") UUID cluster,
            @Param("node") UUID node,
            @Param("ordinal") int ordinal,
            @Param("pool") String pool,
            @Param("cidr") String cidr);

    /** A port for every address but network, gateway and broadcast; nested ones get the lowest free tags. */
    @Modifying
    @Query(nativeQuery = true, value = """
            insert into port (id, cluster_id, node_id, subnet_id, ip, mac, parent, vlan_tag, state, changed_at, changed_by)
            select gen_random_uuid(), s.cluster_id, s.node_id, s.id, a.ip,
                   cast('0a58' || lpad(to_hex(a.ip - inet '0.0.0.0'), 8, '0') as macaddr),
                   n.parent_port, t.tag, 'planned', statement_timestamp(), 'topology-service'
            from subnet s join node n on n.id = s.node_id
              cross join lateral (
                select i, cast(host(s.cidr) as inet) + i as ip
                from generate_series(2, cast(2 ^ (32 - masklen(s.cidr)) as bigint) - 2) as i) a
              left join (
                select tag, row_number() over (order by tag) + 1 as i from generate_series(1, 4094) as tag
                where not exists (
                  select from port q join node m on m.id = :node
                  where q.cluster_id = m.cluster_id and q.parent = m.parent_port and q.vlan_tag = tag)) t
                on n.parent_port is not null and t.i = a.i
            where s.id = :subnet and n.id = :node""")
    int insertPorts(@Param("node") UUID node, @Param("subnet") UUID subnet);

    @Query(nativeQuery = true, value = "select count(*) from port where cluster_id = :cluster and parent = :parent")
    long tagsUsed(@Param("cluster") UUID cluster, @Param("parent") String parent);

    @Query(nativeQuery = true, value = "select " + SubnetRow.COLUMNS + """
            from subnet s where s.node_id = :node and s.ordinal = :ordinal""")
    Optional<SubnetRow> find(@Param("node") UUID node, @Param("ordinal") int ordinal);

    @Query(nativeQuery = true, value = "select " + SubnetRow.COLUMNS + """
            from subnet s where s.node_id = :node order by s.ordinal""")
    List<SubnetRow> ofNode(@Param("node") UUID node);

    @Query(nativeQuery = true, value = "select " + CountsRow.COLUMNS + """
            from subnet s join port p on p.subnet_id = s.id where s.node_id = :node and s.ordinal = :ordinal""")
    CountsRow ports(@Param("node") UUID node, @Param("ordinal") int ordinal);

    @Modifying
    @Query(nativeQuery = true, value = "delete from subnet where node_id = :node and ordinal = :ordinal")
    int delete(@Param("node") UUID node, @Param("ordinal") int ordinal);

    @Query(
            nativeQuery = true,
            value = "select " + SubnetRow.COLUMNS
                    + " from subnet s where s.node_id = :node and s.ordinal = :ordinal for update")
    Optional<SubnetRow> hold(@Param("node") UUID node, @Param("ordinal") int ordinal);

    @Modifying
    @Query(nativeQuery = true, value = """
            update subnet set state = 'offered', offered_at = statement_timestamp()
            where node_id = :node and ordinal = :ordinal and state = 'live'""")
    int offer(@Param("node") UUID node, @Param("ordinal") int ordinal);

    @Modifying
    @Query(nativeQuery = true, value = """
            update subnet set state = 'live', offered_at = null, refused_at = statement_timestamp()
            where node_id = :node and ordinal = :ordinal and state = 'offered'""")
    int withdraw(@Param("node") UUID node, @Param("ordinal") int ordinal);

    /** The ports, locked, so that none is leased before this transaction ends; answers those that the node holds. */
    @Query(nativeQuery = true, value = """
            select count(*) filter (where q.held) from (
              select p.lease_epoch is not null as held from port p
              where p.subnet_id = :subnet order by p.ip for update) q""")
    long holdPorts(@Param("subnet") UUID subnet);

    /** Of a floating address a port lets go first; one that cools goes on cooling. */
    @Query(nativeQuery = true, value = """
            select exists (select from port p where p.subnet_id = :subnet and p.state = 'cooling')""")
    boolean cools(@Param("subnet") UUID subnet);

    @Modifying
    @Query(nativeQuery = true, value = """
            update port p set state = 'draining', changed_at = greatest(p.changed_at, statement_timestamp()), changed_by = 'topology-service',
              revision = p.revision + 1
            where p.subnet_id = :subnet and p.lease_epoch is null and p.state in ('planned', 'provisioning', 'free', 'failed')""")
    int drainPorts(@Param("subnet") UUID subnet);

    @Modifying
    @Query(nativeQuery = true, value = """
            update subnet set state = 'draining' where id = :subnet and state = 'offered'""")
    int drain(@Param("subnet") UUID subnet);
}
