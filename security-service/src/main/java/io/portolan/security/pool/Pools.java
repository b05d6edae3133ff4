package io.portolan.security.pool;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.ProfileId;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.edge.Tag;
import io.portolan.security.profile.Profiles;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Declares pools, shows them, and deletes them. */
@Component
public class Pools {
    private static final int MOST = 256;
    private static final int LARGEST = 1024;

    /** @param made whether it was not there before */
    record Declared(PoolView pool, Tag tag, boolean made) {}

    private final Clusters clusters;
    private final Profiles profiles;
    private final PoolRepository pools;

    Pools(Clusters clusters, Profiles profiles, PoolRepository pools) {
        this.clusters = clusters;
        this.profiles = profiles;
        this.pools = pools;
    }

    /** By name. */
    public List<Pool> of(ClusterId cluster) {
        return pools.findByClusterIdOrderByName(cluster.value());
    }

    @Transactional
    Declared declare(ClusterName clusterName, String name, PoolClaim claim, @Nullable String ifMatch) {
        Cluster cluster = clusters.lasting(clusterName);
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            throw new Invalid("name", "use at most 63 of a-z, 0-9 and - (an RFC 1123 label)");
        }
        Invalid.unlessBetween("size", claim.size(), 0, LARGEST);
        if (claim.profiles().isEmpty()) {
            throw new Invalid("profiles", "closed ports need no pool: name a profile");
        }
        String nodeClass = claim.nodeClass();
        if (nodeClass != null && !clusters.hasClass(cluster.id(), nodeClass)) {
            throw new PoolRefused.UnknownNodeClass(nodeClass);
        }
        clusters.lockAlone(cluster.id());
        List<ProfileId> set = profiles.set(cluster.id(), "profiles", claim.profiles());
        UUID id = cluster.id().value();
        Optional<Pool> before = pools.findByClusterIdAndName(id, name);
        Tag.check(ifMatch, before.map(Pool::tag).orElse(null));
        if (before.filter(pool -> pool.isDeclaredAs(set, claim.size(), nodeClass))
                .isEmpty()) {
            pools.put(id, name, set.stream().map(ProfileId::toString).collect(joining(" ")), claim.size(), nodeClass);
        }
        Pool now = there(cluster, name);
        return new Declared(now.view(), now.tag(), before.isEmpty());
    }

    private Pool there(Cluster cluster, String name) {
        return pools.findByClusterIdAndName(cluster.id().value(), name)
                .orElseThrow(() -> new PoolRefused.Unknown(cluster.name(), name));
    }

    Pool show(ClusterName cluster, String name) {
        return there(clusters.named(cluster), name);
    }

    PoolView.Page page(ClusterName clusterName, @Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        List<PoolView> all = pools
                .findByClusterIdAndNameGreaterThanOrderByName(
                        clusters.named(clusterName).id().value(),
                        Objects.requireNonNullElse(cursor, ""),
                        Limit.of(limit + 1))
                .stream()
                .map(Pool::view)
                .toList();
        List<PoolView> some = all.stream().limit(limit).toList();
        return new PoolView.Page(some, all.size() > limit ? some.getLast().name() : null);
    }

    /** What is not there is left at that. */
    @Transactional
    void delete(ClusterName clusterName, String name, @Nullable String ifMatch) {
        Optional<Cluster> cluster = clusters.find(clusterName);
        if (cluster.isPresent()) {
            UUID id = cluster.get().id().value();
            clusters.lockAlone(cluster.get().id());
            Tag.check(
                    ifMatch,
                    pools.findByClusterIdAndName(id, name).map(Pool::tag).orElse(null));
            pools.delete(id, name);
        }
    }
}
