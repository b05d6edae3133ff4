package io.portolan.security.node;

import static java.util.stream.Collectors.toSet;

import io.portolan.model.NodeId;
import io.portolan.model.api.NodeSecurity;
import io.portolan.model.api.NodeSecurity.Pool;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.cluster.Node;
import io.portolan.security.enforcement.Securities;
import io.portolan.security.enforcement.Security;
import io.portolan.security.policy.Policies;
import io.portolan.security.policy.Policy;
import io.portolan.security.pool.Pools;
import io.portolan.security.profile.Profile;
import io.portolan.security.profile.Profiles;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Puts together what a node has to know. */
@Component
class Catalogues {
    private static final NodeSecurity OPEN = new NodeSecurity(false, List.of(), List.of(), List.of());
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Clusters clusters;
    private final Securities securities;
    private final Profiles profiles;
    private final Pools pools;
    private final Policies policies;

    Catalogues(Clusters clusters, Securities securities, Profiles profiles, Pools pools, Policies policies) {
        this.clusters = clusters;
        this.securities = securities;
        this.profiles = profiles;
        this.pools = pools;
        this.policies = policies;
    }

    @Transactional(readOnly = true)
    NodeSecurity of(NodeId id) {
        Node node = clusters.node(id);
        Optional<Security> security = securities.enforced(node.cluster());
        if (security.isEmpty()) {
            return OPEN;
        }
        List<Profile> known = profiles.of(node.cluster()).stream()
                .filter(profile -> !profile.isDeleting())
                .toList();
        Set<?> ids = known.stream().map(Profile::id).collect(toSet());
        return new NodeSecurity(
                true,
                known.stream().map(Catalogues::shown).toList(),
                security.get().defaultProfiles(),
                pools.of(node.cluster()).stream()
                        .filter(pool -> pool.isFor(node.nodeClass()) && ids.containsAll(pool.profiles()))
                        .map(pool -> new Pool(pool.profiles(), pool.size()))
                        .toList(),
                policies.of(node.cluster()).stream()
                        .filter(policy -> !policy.isDeleting())
                        .map(Catalogues::shown)
                        .toList());
    }

    private static NodeSecurity.Profile shown(Profile profile) {
        return new NodeSecurity.Profile(
                profile.id(), profile.name(), profile.group(), profile.namespaces(), profile.isReady());
    }

    private static NodeSecurity.Policy shown(Policy policy) {
        return new NodeSecurity.Policy(
                policy.id(), policy.namespace(), policy.name(), policy.podSelector(), policy.isReady());
    }

    /** The same for the same content, from whichever replica. */
    static String tag(NodeSecurity security) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(JSON.writeValueAsString(security).getBytes(StandardCharsets.UTF_8));
            return "\"" + HexFormat.of().formatHex(digest, 0, 16) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
