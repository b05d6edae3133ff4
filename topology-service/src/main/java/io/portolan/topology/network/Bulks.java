package io.portolan.topology.network;

import java.util.ArrayList;
import java.util.List;

/** Cuts a list into bulks of bounded size. */
public final class Bulks {
    private Bulks() {}

    public static <T> List<List<T>> of(List<T> all, int size) {
        List<List<T>> bulks = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            bulks.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return bulks;
    }
}
