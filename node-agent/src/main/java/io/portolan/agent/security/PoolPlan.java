package io.portolan.agent.security;

import io.portolan.agent.cache.CachedPort;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which free ports to close, and which to put in what set. A quarter of them, and one at least, are kept clean for sets that have
 * no pool; what is left is dealt to the pools one by one in turn, so that a large one starves nobody. A pool's surplus stays where
 * it is until somebody needs it. What is not known is closed.
 *
 * @param close known to be in a set that nobody wants, or that others want more; or not known to be in any
 * @param fill clean ports, by the set to put them in
 */
record PoolPlan(List<PortId> close, Map<Set<ProfileId>, List<PortId>> fill) {
    private static final int CLEAN_SHARE = 4;

    PoolPlan {
        close = List.copyOf(close);
        fill = Map.copyOf(fill);
    }

    boolean isEmpty() {
        return close.isEmpty() && fill.isEmpty();
    }

    /**
     * @param free available ports, the longest rested first
     * @param wanted how many ports should wait in which set, the more important ones first
     */
    static PoolPlan of(List<CachedPort> free, Map<Set<ProfileId>, Integer> wanted) {
        int reserve = Math.max(1, Math.ceilDiv(free.size(), CLEAN_SHARE));
        Map<Set<ProfileId>, Integer> shares = deal(wanted, Math.max(0, free.size() - reserve));
        Deque<PortId> clean = new ArrayDeque<>();
        Deque<PortId> unknown = new ArrayDeque<>();
        Map<Set<ProfileId>, Deque<PortId>> waiting = new LinkedHashMap<>();
        for (CachedPort port : free) {
            Set<ProfileId> profiles = port.profiles();
            if (profiles == null) {
                unknown.add(port.id());
            } else if (profiles.isEmpty()) {
                clean.add(port.id());
            } else {
                waiting.computeIfAbsent(profiles, set -> new ArrayDeque<>()).add(port.id());
            }
        }
        // Half of them at most are out of pods' reach at one time.
        int moves = free.size() / 2;
        List<PortId> close = new ArrayList<>();
        Map<Set<ProfileId>, List<PortId>> fill = fill(shares, waiting, clean, moves);
        int filled = fill.values().stream().mapToInt(List::size).sum();
        int lacking = shares.entrySet().stream()
                        .mapToInt(share -> Math.max(0, share.getValue() - size(waiting, share.getKey())))
                        .sum()
                - filled;
        while (close.size() < moves - filled && !unknown.isEmpty()) {
            close.add(unknown.poll());
        }
        int needed = lacking + reserve - (clean.size() + close.size() + unknown.size());
        for (Map.Entry<Set<ProfileId>, Deque<PortId>> pool : waiting.entrySet()) {
            int share = shares.getOrDefault(pool.getKey(), 0);
            boolean unwanted = !wanted.containsKey(pool.getKey());
            while (close.size() < moves - filled && pool.getValue().size() > share && (unwanted || needed > 0)) {
                close.add(pool.getValue().poll());
                needed--;
            }
        }
        return new PoolPlan(close, fill);
    }

    private static Map<Set<ProfileId>, List<PortId>> fill(
            Map<Set<ProfileId>, Integer> shares,
            Map<Set<ProfileId>, Deque<PortId>> waiting,
            Deque<PortId> clean,
            int most) {
        Map<Set<ProfileId>, List<PortId>> fill = new LinkedHashMap<>();
        int moved = 0;
        boolean more = true;
        while (more) {
            more = false;
            for (Map.Entry<Set<ProfileId>, Integer> share : shares.entrySet()) {
                Set<ProfileId> set = share.getKey();
                int has = size(waiting, set) + fill.getOrDefault(set, List.of()).size();
                if (has < share.getValue() && moved < most && !clean.isEmpty()) {
                    fill.computeIfAbsent(set, key -> new ArrayList<>()).add(clean.poll());
                    moved++;
                    more = true;
                }
            }
        }
        return fill;
    }

    private static int size(Map<Set<ProfileId>, Deque<PortId>> waiting, Set<ProfileId> set) {
        Deque<PortId> ports = waiting.get(set);
        return ports == null ? 0 : ports.size();
    }

    private static Map<Set<ProfileId>, Integer> deal(Map<Set<ProfileId>, Integer> wanted, int ports) {
        Map<Set<ProfileId>, Integer> shares = new LinkedHashMap<>();
        int left = ports;
        boolean more = true;
        while (left > 0 && more) {
            more = false;
            for (Map.Entry<Set<ProfileId>, Integer> one : wanted.entrySet()) {
                if (left > 0 && shares.getOrDefault(one.getKey(), 0) < one.getValue()) {
                    shares.merge(one.getKey(), 1, Integer::sum);
                    left--;
                    more = true;
                }
            }
        }
        return shares;
    }
}
