package io.portolan.lb.sync;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Lets nothing be deleted on the strength of one look: it must be missed again after a while, and at every look between. */
final class TwoLooks<K> {
    private final Duration apart;
    private final Map<K, Long> since = new ConcurrentHashMap<>();

    TwoLooks(Duration apart) {
        this.apart = apart;
    }

    /** @return whether it has been missed for long enough */
    boolean missed(K key) {
        long now = System.nanoTime();
        Long first = since.putIfAbsent(key, now);
        return first != null && now - first >= apart.toNanos();
    }

    void found(K key) {
        since.remove(key);
    }

    Duration apart() {
        return apart;
    }
}
