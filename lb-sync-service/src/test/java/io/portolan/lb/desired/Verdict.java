package io.portolan.lb.desired;

import java.util.Set;

/** What becomes of a new connection. */
public sealed interface Verdict {
    /** It goes to one of these, each {@code address:port}. */
    record Balanced(Set<String> endpoints) implements Verdict {
        public Balanced {
            endpoints = Set.copyOf(endpoints);
        }
    }

    record Refused() implements Verdict {}

    record Lost() implements Verdict {}

    /** It is none of the balancers' business. */
    record Passed() implements Verdict {}
}
