package io.portolan.security.cluster;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

interface ClusterRepository extends Repository<Cluster, UUID> {
    Optional<Cluster> findById(UUID id);

    Optional<Cluster> findByName(String name);

    /** Until the transaction ends nobody else is in {@link #alone} or {@link #among} for this cluster. */
    @Query(nativeQuery = true, value = """
                    select 1 from pg_advisory_xact_lock(hashtextextended('security of ' || :cluster, 0))""")
    int alone(@Param("cluster") String cluster);

    /** Until the transaction ends nobody else is in {@link #alone} for this cluster. */
    @Query(nativeQuery = true, value = """
                    select 1 from pg_advisory_xact_lock_shared(hashtextextended('security of ' || :cluster, 0))""")
    int among(@Param("cluster") String cluster);

    @Query(nativeQuery = true, value = """
                    select count(*) > 0 from node_class where cluster_id = :cluster and name = :name""")
    boolean hasClass(@Param("cluster") UUID cluster, @Param("name") String name);
}
