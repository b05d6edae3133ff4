package io.portolan.security.cluster;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.Repository;

interface NodeRepository extends Repository<Node, UUID> {
    Optional<Node> findById(UUID id);
}
