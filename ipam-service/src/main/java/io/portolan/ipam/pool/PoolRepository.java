package io.portolan.ipam.pool;

import io.portolan.ipam.ledger.LedgerRepository;
import io.portolan.ipam.port.CountsRow;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.query.Param;

interface PoolRepository extends LedgerRepository<Pool, Pool.Key> {
    /** A pool by name and block. */
    interface Block {
        String getName();

        String getCidr();
    }

    @Query(nativeQuery = true, value = """
            select o.name as "name", text(o.cidr) as "cidr", coalesce(u.subnets, 0) as "subnets",
                   coalesce(u.addresses, 0) as "addressesInSubnets", c.*
            from pool o
            left join lateral (
              select cast(count(*) as int) as subnets, cast(sum(2 ^ (case family(s.cidr) when 4 then 32 else 128 end - masklen(s.cidr))) as bigint) as addresses
              from subnet s where s.cluster_id = o.cluster_id and s.pool = o.name) u on true
            left join lateral (
              select
""" + CountsRow.COLUMNS + """
              from subnet s join port p on p.subnet_id = s.id where s.cluster_id = o.cluster_id and s.pool = o.name) c on true
            where o.cluster_id = :cluster order by o.cidr""")
    List<PoolRow> ofCluster(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
            select name as "name", text(cidr) as "cidr" from pool
            where cluster_id = :cluster and (name = :name or cidr && cast(:cidr as inet))
            order by name <> :name, cidr limit 1""")
    Optional<Block> inTheWay(@Param("cluster") UUID cluster, @Param("name") String name, @Param("cidr") String cidr);

    @Modifying
    @Query(
            nativeQuery = true,
            value = "insert into pool (cluster_id, name, cidr) values (:cluster, :name, cast(:cidr as cidr))")
    int insert(@Param("cluster") UUID cluster, @Param("name") String name, @Param("cidr") String cidr);

    @Query(nativeQuery = true, value = "select count(*) from subnet where cluster_id = :cluster and pool = :name")
    long subnets(@Param("cluster") UUID cluster, @Param("name") String name);

    @Modifying
    @Query(nativeQuery = true, value = "delete from pool where cluster_id = :cluster and name = :name")
    int delete(@Param("cluster") UUID cluster, @Param("name") String name);
}
