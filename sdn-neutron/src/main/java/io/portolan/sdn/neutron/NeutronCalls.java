package io.portolan.sdn.neutron;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many calls were made to which cloud, and how they ended. */
public final class NeutronCalls {
    /**
     * A kind of call.
     *
     * @param cloud Keystone's URL, also for calls to the cloud's other services
     * @param path with {@code {id}} in the place of ids, such as {@code /v2.0/ports/{id}}
     * @param outcome {@code 2xx}, {@code 4xx}, {@code 429}, {@code 5xx} or {@code unreachable}
     */
    public record Call(String cloud, String method, String path, String outcome) implements Comparable<Call> {
        @Override
        public int compareTo(Call other) {
            return toString().compareTo(other.toString());
        }

        @Override
        public String toString() {
            return method + " " + path + " " + outcome + " " + cloud;
        }
    }

    private final Map<Call, LongAdder> counts = new ConcurrentHashMap<>();

    void count(Call call) {
        counts.computeIfAbsent(call, c -> new LongAdder()).increment();
    }

    /** Since the start; it only grows, calls that were never made are absent. */
    public Map<Call, Long> snapshot() {
        Map<Call, Long> snapshot = new TreeMap<>();
        counts.forEach((call, count) -> snapshot.put(call, count.sum()));
        return snapshot;
    }

    public long total() {
        return counts.values().stream().mapToLong(LongAdder::sum).sum();
    }
}
