package io.portolan.sdn;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Security profiles and policies of one cluster, and which of its ports are in which. A port in none is closed: no packet of IP passes
 * it, either way.
 */
public interface SdnSecurity {
    /**
     * What this network's profiles can do. What they cannot is {@code NOT_SUPPORTED}.
     *
     * @param adopts whether a group that exists in the network can be taken as a profile
     * @param drops whether a rule may drop, and has a priority
     * @param logs whether a rule may log
     * @param policies whether there are policies that narrow profiles
     * @param mostPerPort how many profiles and policies a port can be in
     */
    record Abilities(boolean adopts, boolean drops, boolean logs, boolean policies, int mostPerPort) {}

    /**
     * In which profiles a port should be.
     *
     * @param backendId the port's, as {@link SdnPorts} answered
     * @param profiles backend ids of profiles, adopted ones too, and of policies; without a profile it is closed
     */
    record Binding(PortId port, NodeId node, String backendId, Set<String> profiles) {
        public Binding {
            profiles = Set.copyOf(profiles);
        }
    }

    /**
     * A write that the network has taken, and that nodes carry out a little later.
     *
     * @param mark the configuration's number: a node whose switch has carried out this one, or a later one, has carried out
     *     the write. Null where nodes cannot tell.
     */
    record Taken(@Nullable Long mark) {}

    @AsksNobody
    Abilities abilities();

    /**
     * Makes these profiles or mends what differs; ports that are in them stay.
     *
     * @return the network's own id of each, by which it is bound and referred to
     */
    Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs);

    /**
     * Looks that a group that exists can be used. It is not marked, and neither changed nor deleted by us.
     *
     * @return its id, as bindings name it
     * @throws SdnFailure.Refused {@code NOT_FOUND} where there is none in sight of the cluster, {@code NOT_SUPPORTED} where
     *     none can be adopted
     */
    String adopt(String group);

    /** Profiles that bear the cluster's mark. */
    Set<ProfileId> ownProfiles();

    /**
     * Nothing where there is none.
     *
     * @throws SdnFailure.Refused {@code IN_USE} while ports are in it, or rules of others speak of it
     */
    void deleteProfile(ProfileId id);

    /**
     * Makes these policies or mends what differs; ports that are in them stay. Addresses and rules change while ports are in
     * them.
     *
     * @return the network's own id of each, by which ports are bound
     * @throws SdnFailure.Refused {@code NOT_SUPPORTED} where profiles cannot be narrowed
     */
    Map<ProfileId, String> ensurePolicies(Collection<PolicySpec> specs);

    /**
     * What of policies that were made this network cannot say, in words that people understand: it lets that much less through.
     * Those of which it says everything are not there. Ask after ports were put in them, too: it may depend on their profiles.
     */
    default Map<ProfileId, List<String>> leftOut(Collection<PolicySpec> specs) {
        return Map.of();
    }

    /** Policies that bear the cluster's mark. */
    Set<ProfileId> ownPolicies();

    /**
     * Nothing where there is none.
     *
     * @throws SdnFailure.Refused {@code IN_USE} while ports are in it
     */
    void deletePolicy(ProfileId id);

    /**
     * From now on ports of these nodes that are in no profile are closed, those that are made later too. Where it is so
     * already nothing is written. A node without a switch has no ports, and is passed over.
     */
    Taken close(Collection<NodeId> nodes);

    /** Takes back what {@link #close} did to all nodes: their ports are as if there were no profiles. */
    void open();

    /**
     * Puts each port in exactly these profiles and policies, all of them in as few writes as the network allows. A port that is
     * moved from one set to another is never in both, but a node may see one before the other: whoever needs it shut in between
     * closes it first. What {@link #close} does to their nodes is done with it where it was not.
     *
     * @throws SdnFailure.Refused {@code NOT_FOUND} where a port or a profile is not there
     */
    Taken bind(Collection<Binding> bindings);

    /** In which profiles and policies each of the node's ports is, by backend ids. Groups of others that open it are told too. */
    Map<PortId, Set<String>> bindings(NodeId node);
}
