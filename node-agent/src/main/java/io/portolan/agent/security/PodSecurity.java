package io.portolan.agent.security;

import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.Taken;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.model.PodRef;
import io.portolan.model.ProfileId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a pod's start has to do with security profiles. */
public interface PodSecurity {
    /** The rank of a port that is in the set already. */
    int OWN = 0;

    /** Where nothing is enforced. */
    PodSecurity NONE = new PodSecurity() {
        @Override
        public Optional<Set<ProfileId>> wanted(@Nullable PodRef pod) {
            return Optional.empty();
        }

        @Override
        public Optional<Set<ProfileId>> remembered(@Nullable PodRef pod) {
            return Optional.empty();
        }

        @Override
        public int rank(CachedPort port, Set<ProfileId> wanted) {
            return OWN;
        }

        @Override
        public boolean secure(Taken taken, Set<ProfileId> wanted, Checkpoint steps) {
            return true;
        }

        @Override
        public void rebind(CachedPort port, Set<ProfileId> wanted, @Nullable PodRef pod) {}

        @Override
        public void refused(@Nullable PodRef pod, String why) {}

        @Override
        public void portsChanged() {}

        @Override
        public void onPods(Runnable listener) {}

        @Override
        public List<String> names(Set<ProfileId> profiles) {
            return profiles.stream().sorted().map(ProfileId::toString).toList();
        }

        @Override
        public Optional<String> trouble() {
            return Optional.empty();
        }
    };

    /**
     * Which profiles a pod that starts has; empty where none are enforced.
     *
     * @throws ProfilesRefused when it cannot have them; the pod's owner has been told
     * @throws SecurityUnavailable when that is not to be known now
     */
    Optional<Set<ProfileId>> wanted(@Nullable PodRef pod);

    /** The same of a running pod, asking nobody: also empty when nothing is to be concluded. */
    Optional<Set<ProfileId>> remembered(@Nullable PodRef pod);

    /**
     * How well an available port suits: lower is better, {@link #OWN} best, {@code PortPreference.UNFIT} not at all. Asked while
     * the cache is locked.
     */
    int rank(CachedPort port, Set<ProfileId> wanted);

    /**
     * Returns when the port is in these profiles and in nothing else, and the node has carried it out.
     *
     * @return whether it was in them already
     */
    boolean secure(Taken taken, Set<ProfileId> wanted, Checkpoint steps);

    /** The same of a running pod's port, by way of shutting it. The cache does not know its profiles meanwhile. */
    void rebind(CachedPort port, Set<ProfileId> wanted, @Nullable PodRef pod);

    /** Tells the pod's owner. */
    void refused(@Nullable PodRef pod, String why);

    /** Ports came or went, or are free again. */
    void portsChanged();

    /** Who is to be told when a running pod's profiles may be others than before. */
    void onPods(Runnable listener);

    /** The names of these profiles, as far as they are known; else their ids. */
    List<String> names(Set<ProfileId> profiles);

    /** What is not as it should be. */
    Optional<String> trouble();

    /** The loops that do not come to an end, in words. */
    default List<String> stuck() {
        return List.of();
    }
}
