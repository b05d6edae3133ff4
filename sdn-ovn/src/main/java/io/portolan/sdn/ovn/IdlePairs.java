package io.portolan.sdn.ovn;

import io.portolan.model.ProfileId;
import java.time.Duration;
import java.util.Set;

/**
 * Policies and profiles that are written out together and have no port in common, as the last look found them. They go when the
 * next look finds the same: a pod that comes back soon after it went finds its rules, and OVN computes no new ones.
 */
final class IdlePairs {
    record Pair(ProfileId policy, ProfileId profile) {}

    private final Duration apart;
    private Set<Pair> last = Set.of();
    private long next;

    /** @param apart between two looks */
    IdlePairs(Duration apart) {
        this.apart = apart;
        this.next = System.nanoTime() + apart.toNanos();
    }

    /** Whether it is time to look; then it is somebody else's again after a while. */
    synchronized boolean due() {
        if (System.nanoTime() - next < 0) {
            return false;
        }
        next = System.nanoTime() + apart.toNanos();
        return true;
    }

    synchronized Set<Pair> last() {
        return last;
    }

    synchronized void saw(Set<Pair> idle) {
        last = Set.copyOf(idle);
    }
}
