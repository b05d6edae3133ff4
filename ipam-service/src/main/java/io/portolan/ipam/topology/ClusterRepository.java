package io.portolan.ipam.topology;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.Repository;

interface ClusterRepository extends Repository<Cluster, UUID> {
    Optional<Cluster> findByName(String name);
}
