package io.portolan.ipam.port;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

interface PortRepository extends Repository<Port, UUID> {
    @NativeQuery(sqlResultSetMapping = PortRow.MAPPING, value = "select " + PortRow.COLUMNS + """
            from port p join subnet s on s.id = p.subnet_id where p.id = :id""")
    Optional<PortRow> find(@Param("id") UUID id);

    @NativeQuery(sqlResultSetMapping = PortRow.MAPPING, value = "select " + PortRow.COLUMNS + """
            from port p join subnet s on s.id = p.subnet_id
            where p.node_id = :node and (:state = '' or p.state = :state)
              and (:after = '' or p.ip > cast(nullif(:after, '') as inet))
            order by p.ip limit :limit""")
    List<PortRow> ofNode(
            @Param("node") UUID node,
            @Param("state") String state,
            @Param("after") String after,
            @Param("limit") int limit);

    @NativeQuery(sqlResultSetMapping = PortRow.MAPPING, value = "select " + PortRow.COLUMNS + """
            from port p join subnet s on s.id = p.subnet_id
            where p.cluster_id = :cluster and (:state = '' or p.state = :state)
              and (:after = '' or p.ip > cast(nullif(:after, '') as inet))
            order by p.ip limit :limit""")
    List<PortRow> ofCluster(
            @Param("cluster") UUID cluster,
            @Param("state") String state,
            @Param("after") String after,
            @Param("limit") int limit);

    @NativeQuery(sqlResultSetMapping = PortRow.MAPPING, value = "select " + PortRow.COLUMNS + """
            from port p join subnet s on s.id = p.subnet_id
            where p.cluster_id = :cluster and p.ip = cast(:ip as inet)""")
    Optional<PortRow> withAddress(@Param("cluster") UUID cluster, @Param("ip") String ip);

    @Query(nativeQuery = true, value = "select " + CountsRow.COLUMNS + " from port p where p.node_id = :node")
    CountsRow countsOfNode(@Param("node") UUID node);
}
