package io.portolan.bench.simulation;

import io.portolan.model.IpAddress;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Which pod has which address, kept beside the ledger: the judge of what is given twice. */
final class Holders {
    private final ConcurrentHashMap<IpAddress, String> holders = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> twice = new ConcurrentLinkedQueue<>();

    void takes(IpAddress address, String pod) {
        String before = holders.putIfAbsent(address, pod);
        if (before != null) {
            twice.add("%s has %s, and %s got it".formatted(before, address, pod));
        }
    }

    void lets(IpAddress address, String pod) {
        holders.remove(address, pod);
    }

    /** In words, each time. */
    List<String> givenTwice() {
        return List.copyOf(twice);
    }
}
