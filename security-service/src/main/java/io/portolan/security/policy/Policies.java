package io.portolan.security.policy;

import static java.util.stream.Collectors.toSet;

import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.security.cluster.Clusters;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** NetworkPolicies in the ledger. */
@Component
public class Policies {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final UUID NONE = new UUID(0, 0);

    /** A row of {@link PolicyRepository#seen}. */
    private record Seen(UUID id, String namespace, String name, JsonNode selector) {}

    private final PolicyRepository repository;
    private final Clusters clusters;

    Policies(PolicyRepository repository, Clusters clusters) {
        this.repository = repository;
        this.clusters = clusters;
    }

    /** Those that went and have ports in them still, too. */
    public List<Policy> of(ClusterId cluster) {
        return repository.findByClusterIdOrderByNamespaceAscNameAsc(cluster.value());
    }

    /** How the watch of them stands. */
    public PolicyStand stand(ClusterId cluster) {
        return repository
                .stand(cluster.value())
                .map(row -> new PolicyStand(row.getState(), row.getReason(), row.getProblem()))
                .orElseGet(() -> PolicyStand.pending("no replica of security-service watches them yet"));
    }

    /** The same for the same policy of the same cluster, and for no other. */
    static ProfileId id(ClusterId cluster, String uid) {
        return new ProfileId(UUID.nameUUIDFromBytes(
                "portolan:network-policy/%s/%s".formatted(cluster, uid).getBytes(StandardCharsets.UTF_8)));
    }

    /** These are there, and no others. */
    @Transactional
    void see(ClusterId cluster, Collection<Compilation.Compiled> all) {
        List<Seen> rows = all.stream()
                .map(each -> {
                    String[] name = each.spec().name().split("/", 2);
                    return new Seen(
                            each.spec().id().value(), name[0], name[1], JSON.readTree(Policy.text(each.podSelector())));
                })
                .toList();
        repository.seen(cluster.value(), JSON.writeValueAsString(rows));
        Set<UUID> lasting = rows.stream().map(Seen::id).collect(toSet());
        repository.gone(cluster.value(), lasting.isEmpty() ? Set.of(NONE) : lasting);
    }

    void made(Map<ProfileId, String> names) {
        names.forEach((id, name) -> repository.made(id.value(), name));
    }

    /** Who comes to name one that went, and this, exclude each other. */
    @Transactional
    void forget(ClusterId cluster) {
        clusters.lockAlone(cluster);
        repository.deleteUnused(cluster.value());
    }
}
