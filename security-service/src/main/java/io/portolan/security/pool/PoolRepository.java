package io.portolan.security.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

/** The SQL of pools; sets of profiles as text with spaces. */
interface PoolRepository extends Repository<Pool, Pool.Key> {
    Optional<Pool> findByClusterIdAndName(UUID cluster, String name);

    List<Pool> findByClusterIdOrderByName(UUID cluster);

    List<Pool> findByClusterIdAndNameGreaterThanOrderByName(UUID cluster, String name, Limit limit);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = """
                    insert into profile_pool (cluster_id, name, profiles, size, node_class)
                    values (:cluster, :name, cast(string_to_array(:profiles, ' ') as uuid[]), :size, cast(:nodeClass as text))
                    on conflict (cluster_id, name) do update set profiles = excluded.profiles, size = excluded.size,
                      node_class = excluded.node_class, revision = profile_pool.revision + 1""")
    int put(
            @Param("cluster") UUID cluster,
            @Param("name") String name,
            @Param("profiles") String profiles,
            @Param("size") int size,
            @Param("nodeClass") @Nullable String nodeClass);

    @Modifying(clearAutomatically = true)
    @Query(nativeQuery = true, value = "delete from profile_pool where cluster_id = :cluster and name = :name")
    int delete(@Param("cluster") UUID cluster, @Param("name") String name);
}
