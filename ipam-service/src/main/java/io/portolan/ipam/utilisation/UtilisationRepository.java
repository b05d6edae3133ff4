package io.portolan.ipam.utilisation;

import io.portolan.ipam.port.CountsRow;
import io.portolan.ipam.port.Port;
import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

interface UtilisationRepository extends Repository<Port, UUID> {
    String HELD = "count(*) filter (where p.lease_epoch is not null) as \"held\" ";

    /** Counts and how many of the ports a node holds. */
    interface HeldRow extends CountsRow {
        long getHeld();
    }

    /** A node and its counts. */
    interface NodeRow extends HeldRow {
        UUID getId();

        String getName();

        String getNodeState();

        int getSubnets();
    }

    /** A cluster and its counts. */
    interface ClusterRow extends HeldRow {
        String getName();
    }

    @Query(
            nativeQuery = true,
            value = "select " + CountsRow.COLUMNS + ", " + HELD + " from port p where p.cluster_id = :cluster")
    HeldRow ofCluster(@Param("cluster") UUID cluster);

    @Query(nativeQuery = true, value = """
            select n.id as "id", n.name as "name", n.state as "nodeState",
                   (select cast(count(*) as int) from subnet s where s.node_id = n.id) as "subnets", c.*
            from node n cross join lateral (select
            """ + CountsRow.COLUMNS + ", " + HELD + """
             from port p where p.node_id = n.id) c
            where n.cluster_id = :cluster and n.name > :after order by n.name limit :limit""")
    List<NodeRow> ofNodes(@Param("cluster") UUID cluster, @Param("after") String after, @Param("limit") int limit);

    @Query(nativeQuery = true, value = """
            select c.name as "name", x.* from cluster c cross join lateral (select
            """ + CountsRow.COLUMNS + ", " + HELD + """
             from port p where p.cluster_id = c.id) x order by c.name limit :limit""")
    List<ClusterRow> ofAll(@Param("limit") int limit);
}
