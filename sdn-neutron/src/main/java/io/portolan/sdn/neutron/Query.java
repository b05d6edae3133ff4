package io.portolan.sdn.neutron;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Which of a kind are listed: those that have every attribute's value, or one of its values. */
record Query(List<Filter> filters) {
    record Filter(String name, String value) {}

    /** Neutron's server takes request lines of up to 8 KiB; a filter by description has about 190 bytes. */
    private static final int TOGETHER = 36;

    static final Query ALL = new Query(List.of());

    static Query by(String name, String value) {
        return ALL.and(name, value);
    }

    Query and(String name, String value) {
        List<Filter> more = new ArrayList<>(filters);
        more.add(new Filter(name, value));
        return new Query(List.copyOf(more));
    }

    /** As many queries as it takes to ask for all of these values. */
    static List<Query> any(String name, Collection<String> values) {
        List<String> all = values.stream().distinct().toList();
        List<Query> queries = new ArrayList<>();
        for (int from = 0; from < all.size(); from += TOGETHER) {
            queries.add(new Query(all.subList(from, Math.min(all.size(), from + TOGETHER)).stream()
                    .map(value -> new Filter(name, value))
                    .toList()));
        }
        return queries;
    }
}
