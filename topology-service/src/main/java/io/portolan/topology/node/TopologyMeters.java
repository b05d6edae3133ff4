package io.portolan.topology.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Counts nodes and ports by cluster, never by node: a few series a cluster. */
@Component
class TopologyMeters {
    private static final Logger log = LoggerFactory.getLogger(TopologyMeters.class);

    private final NodeRepository nodes;
    private final MultiGauge nodesByState;
    private final MultiGauge portsWanted;
    private final MultiGauge portsReady;
    private final MultiGauge portsMade;
    private final MultiGauge problems;

    TopologyMeters(NodeRepository nodes, MeterRegistry meters) {
        this.nodes = nodes;
        this.nodesByState = MultiGauge.builder("portolan.nodes")
                .description("Nodes by state")
                .register(meters);
        this.portsWanted = MultiGauge.builder("portolan.ports.wanted")
                .description("Ports that the ledger wants")
                .register(meters);
        this.portsReady = MultiGauge.builder("portolan.ports.ready")
                .description("Ports that are made: free, leased, bound or cooling")
                .register(meters);
        this.portsMade = MultiGauge.builder("portolan.ports.made.per.second")
                .description("Ports made in the last two minutes, a second")
                .register(meters);
        this.problems = MultiGauge.builder("portolan.problems")
                .description("Clusters and nodes that are not well, by the problem that they state")
                .register(meters);
    }

    @Scheduled(fixedDelay = 15, timeUnit = TimeUnit.SECONDS)
    void count() {
        try {
            nodesByState.register(
                    nodes.nodesByState().stream()
                            .map(r -> MultiGauge.Row.of(
                                    Tags.of("cluster", r.getCluster(), "state", r.getState()), r.getCount()))
                            .toList(),
                    true);
            Map<String, Long> wanted = new TreeMap<>();
            Map<String, Long> ready = new TreeMap<>();
            for (NodeRepository.StateRow row : nodes.portsByState()) {
                wanted.merge(row.getCluster(), row.getCount(), Long::sum);
                boolean made = List.of("free", "leased", "bound", "cooling").contains(row.getState());
                ready.merge(row.getCluster(), made ? row.getCount() : 0L, Long::sum);
            }
            portsWanted.register(rows(wanted), true);
            portsReady.register(rows(ready), true);
            portsMade.register(
                    nodes.madeASecond().stream()
                            .map(r -> MultiGauge.Row.of(Tags.of("cluster", r.getCluster()), r.getRate()))
                            .toList(),
                    true);
            problems.register(
                    nodes.problems().stream()
                            .map(r -> MultiGauge.Row.of(
                                    Tags.of("cluster", r.getCluster(), "problem", r.getProblem()), r.getCount()))
                            .toList(),
                    true);
        } catch (DataAccessException e) {
            log.debug("The ledger is not there to be counted: {}", e.getMessage());
        }
    }

    private static List<MultiGauge.Row<?>> rows(Map<String, Long> values) {
        return values.entrySet().stream()
                .<MultiGauge.Row<?>>map(e -> MultiGauge.Row.of(Tags.of("cluster", e.getKey()), e.getValue()))
                .toList();
    }
}
