package io.portolan.lb.directory;

import io.portolan.lb.cluster.Cluster;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

/** The SQL of the directory: ports are ipam-service's and read only. */
interface DirectoryRepository extends Repository<Cluster, UUID> {
    /** A port by its address. */
    interface PortRow {
        UUID getId();

        UUID getNode();

        String getNodeName();

        @Nullable String getBackendId();

        String getState();

        @Nullable String getPodNamespace();

        @Nullable String getPodName();
    }

    @Query(nativeQuery = true, value = """
                    select p.id, p.node_id as "node", n.name as "nodeName", p.backend_id as "backendId", p.state,
                      p.pod_namespace as "podNamespace", p.pod_name as "podName"
                    from port p join node n on n.id = p.node_id where p.cluster_id = :cluster and p.ip = cast(:ip as inet)""")
    Optional<PortRow> port(@Param("cluster") UUID cluster, @Param("ip") String ip);
}
