package io.portolan.security.profile;

import io.portolan.model.ClusterName;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.network.NetworkRefused;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Judges a declaration before it is written: by itself, by what the network can do, and, where it names groups that are not
 * ours, by a look at them. No transaction waits for the network.
 */
@Component
final class ProfileDeclaring {
    private final Clusters clusters;
    private final Profiles profiles;
    private final Networks networks;

    ProfileDeclaring(Clusters clusters, Profiles profiles, Networks networks) {
        this.clusters = clusters;
        this.profiles = profiles;
        this.networks = networks;
    }

    Profiles.Declared declare(ClusterName clusterName, String name, ProfileClaim claim, @Nullable String ifMatch) {
        Cluster cluster = clusters.lasting(clusterName);
        ProfileRules.checkName("name", name);
        List<Rule> rules = ProfileRules.read(claim);
        try {
            SdnSecurity network = networks.of(cluster.target()).security();
            ProfileRules.refuseUnable(claim, rules, network.abilities());
            String group = claim.group();
            Map<String, String> looked = new HashMap<>();
            String adopted = group == null ? null : looked(network, "group", group, looked);
            for (int i = 0; i < rules.size(); i++) {
                if (rules.get(i).remote() instanceof Rule.Remote.Group(String id)) {
                    looked(network, "rules[%d].remote.group".formatted(i), id, looked);
                }
            }
            return profiles.write(cluster, name, claim, adopted, rules, ifMatch);
        } catch (SdnFailure e) {
            throw NetworkRefused.of(e);
        }
    }

    private static String looked(SdnSecurity network, String field, String group, Map<String, String> looked) {
        String known = looked.get(group);
        if (known != null) {
            return known;
        }
        try {
            String id = network.adopt(group);
            looked.put(group, id);
            return id;
        } catch (SdnFailure.Refused e) {
            throw switch (e.reason()) {
                case NOT_FOUND, NOT_ALLOWED, NOT_SUPPORTED -> new ProfileRefused.UnknownGroup(field, group, e);
                default -> e;
            };
        }
    }
}
