package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Stack;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** All addresses of a /24 but the network's, the gateway's and the broadcast's, by real services on a real OVN. */
class NodeOfAWholeSubnetTest {
    private static final String PORTS = "253";

    private final Stack stack = SharedStack.get().stack();
    private final Observed observed = new Observed(stack);

    @Test
    void aNodeOfASlash24HasAllItsPortsInTheNetworkAndInTheLedger() {
        String path = "/v1/clusters/" + Stack.CLUSTER + "/nodes/wide";
        stack.topologyCallsOf("wide")
                .put(
                        path,
                        Map.of(
                                "cpus", 64,
                                "memoryMiB", 262_144,
                                "maxPods", 250,
                                "chassis", "wide",
                                "agent", UUID.randomUUID().toString()))
                .ok();
        await().atMost(SharedStack.LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> observed.ledger(
                                "select count(*)::text from port p join node n on n.id = p.node_id where p.state = 'free' and n.name = 'wide'")
                        .equals(List.of(PORTS)));
        assertThat(observed.portsInNetwork()).isEqualTo(observed.portsInLedgerOf(Stack.CLUSTER));
        assertThat(stack.topologyCalls().delete(path).status()).isEqualTo(204);
        await().atMost(SharedStack.LIMIT)
                .until(() -> stack.topologyCalls().get(path).status() == 404);
    }
}
