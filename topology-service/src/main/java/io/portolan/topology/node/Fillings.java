package io.portolan.topology.node;

import static java.util.stream.Collectors.toMap;

import io.portolan.model.api.NodeView.Filling;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** How far nodes' ports are made, by what the ledger has: every replica says the same. */
@Component
final class Fillings {
    private final NodeRepository nodes;

    Fillings(NodeRepository nodes) {
        this.nodes = nodes;
    }

    /** Those of which ports are to be made. */
    Map<UUID, Filling> of(Collection<UUID> ids) {
        return nodes.filling(ids).stream()
                .collect(toMap(
                        NodeRepository.FillingRow::getNode,
                        row -> new Filling(
                                row.getReady(),
                                row.getWanted(),
                                Math.round(row.getRate() * 100) / 100.0,
                                row.getEnd())));
    }

    /** Says it on a node that joins, without a problem: all is well so far. */
    void say(Node node) {
        UUID id = node.id().value();
        Filling filling = node.state().equals("ready") ? null : of(List.of(id)).get(id);
        if (filling != null) {
            nodes.because(id, words(filling), null);
        }
    }

    static String words(Filling filling) {
        String ready = "%d of %d ports are ready".formatted(filling.ready(), filling.wanted());
        Instant end = filling.expectedEnd();
        return end == null
                ? ready
                : "%s, %s a second: all of them in about %d s"
                        .formatted(
                                ready,
                                String.format(Locale.ROOT, "%.1f", filling.portsPerSecond()),
                                Math.max(1, Duration.between(Instant.now(), end).toSeconds()));
    }
}
