package io.portolan.topology.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.topology.network.CreationBudget.Slot;
import io.portolan.topology.settings.TopologyProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Who waits for a slot is called when one is free, and asks nothing until then. */
class CreationBudgetTest {
    private static final Optional<String> NO_CLOUD = Optional.empty();

    private final LedgerDatabase ledger = LedgerDatabase.create();
    private final ClusterId first = new ClusterId(UUID.randomUUID());
    private final ClusterId second = new ClusterId(UUID.randomUUID());
    private final List<NodeId> called = new ArrayList<>();

    /** Two slots, of which a cluster may have one. */
    private final CreationBudget budget = replica();

    private CreationBudget replica() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        TopologyProperties properties = new Binder(new MapConfigurationPropertySource(
                        Map.of("portolan.topology.budget.ports", "64", "portolan.topology.budget.call", "32")))
                .bindOrCreate("portolan.topology", TopologyProperties.class);
        LedgerLocks locks = new LedgerLocks(LedgerDatabase.dataSource(ledger.owner()));
        return new CreationBudget(locks, new Clouds(meters), properties, meters);
    }

    private static NodeId node() {
        return new NodeId(UUID.randomUUID());
    }

    private Slot slot(ClusterId cluster) {
        return budget.trySlot(cluster, NO_CLOUD, node()).orElseThrow();
    }

    private NodeId waiting(ClusterId cluster) {
        NodeId node = node();
        assertThat(budget.trySlot(cluster, NO_CLOUD, node)).isEmpty();
        return node;
    }

    @Test
    void whoWaitsLongestIsCalledFirstAndOneThatDoesNotComeKeepsNobodyFromTheSlot() {
        budget.calls(called::add);
        Slot taken = slot(first);
        NodeId one = waiting(first);
        NodeId two = waiting(first);
        assertThat(called).isEmpty();

        taken.close();
        assertThat(called).containsExactly(one);

        slot(first).close();
        assertThat(called).containsExactly(one, two);

        budget.noLongerWaiting(one);
        slot(first).close();
        assertThat(called).containsExactly(one, two, two);
    }

    @Test
    void aSlotOfAllIsToldToTheFirstOfEachCluster() {
        budget.calls(called::add);
        Slot ofFirst = slot(first);
        Slot ofSecond = slot(second);
        NodeId one = waiting(first);
        NodeId other = waiting(second);

        ofFirst.close();

        assertThat(called).containsExactlyInAnyOrder(one, other);
        ofSecond.close();
    }

    @Test
    void aSlotThatAnotherReplicaGivesBackIsHadWithoutACall() {
        budget.calls(called::add);
        Slot elsewhere = replica().trySlot(first, NO_CLOUD, node()).orElseThrow();
        NodeId one = waiting(first);

        elsewhere.close();

        assertThat(called).isEmpty();
        assertThat(budget.apart()).isPositive();
        assertThat(budget.trySlot(first, NO_CLOUD, one)).hasValueSatisfying(Slot::close);
    }
}
