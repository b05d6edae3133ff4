package io.portolan.topology.audit;

import io.portolan.topology.audit.Part.Of;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How parts can disagree. {@code docs/audit.md} says for each what to do. */
enum Kind {
    MISSING_IN_NETWORK(Of.NETWORK, true, "the ledger has the port, the network has not"),
    DIFFERS_IN_NETWORK(Of.NETWORK, true, "the network has the port otherwise than the ledger"),
    UNKNOWN_TO_LEDGER(Of.NETWORK, true, "the network has a port with our mark that the ledger has not"),
    SWITCH_MISSING(Of.NETWORK, true, "the node has no switch in the network"),
    SWITCH_UNKNOWN(Of.NETWORK, true, "the network has a switch with our mark of a node that the ledger has not"),
    BOUND_ELSEWHERE(Of.BINDINGS, false, "another machine than the port's node has bound it"),
    BOUND_UNHELD(Of.BINDINGS, false, "the node has bound a port that the ledger counts as nobody's"),
    NOT_BOUND(Of.BINDINGS, false, "a pod has the port, and the network carries no traffic for it"),
    HELD_UNKNOWN(Of.CACHES, true, "the node holds a port that the ledger does not count as the node's"),
    LEASE_UNKNOWN(Of.CACHES, true, "the ledger counts the port as the node's, the node does not hold it"),
    USE_DIFFERS(Of.CACHES, true, "ledger and node do not agree whether a pod has the port"),
    SANDBOX_DIFFERS(Of.CACHES, true, "ledger and node do not agree which sandbox has the port"),
    HELD_TWICE(Of.CACHES, false, "two nodes hold the port"),
    CACHE_UNSEEN(Of.CACHES, false, "the node has not said for long what it holds");

    private final Of part;
    private final boolean automatic;
    private final String words;

    Kind(Of part, boolean automatic, String words) {
        this.part = part;
        this.automatic = automatic;
        this.words = words;
    }

    /** As the API and the ledger write it. */
    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Kind parse(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** Whether a loop or an agent mends it by itself. */
    boolean automatic() {
        return automatic;
    }

    String words() {
        return words;
    }

    static List<Kind> of(Of part) {
        return Arrays.stream(values()).filter(kind -> kind.part == part).toList();
    }

    /** Whether it is the node's agent that mends it. */
    boolean isTheAgents() {
        return part == Of.CACHES;
    }
}
