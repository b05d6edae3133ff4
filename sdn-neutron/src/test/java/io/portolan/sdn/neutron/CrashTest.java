package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.testbed.openstack.NetworkInventory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A life of a cluster that ends at one write after the other, before it or after it, and is then continued. */
class CrashTest {
    private static NeutronDouble cloud;
    private static NeutronBackends backends;

    @BeforeAll
    static void start() {
        cloud = NeutronDouble.start();
        backends = new NeutronBackends();
    }

    @AfterAll
    static void stop() {
        backends.close();
        cloud.close();
    }

    /** Loses the n-th write, before or after it is done; whoever made it is dead then. */
    private record Death(int number, boolean done, AtomicInteger seen) implements NeutronDouble.Trouble {
        @Override
        public NeutronDouble.Fate of(String call) {
            boolean fine = call.startsWith("GET") || seen.incrementAndGet() != number;
            return fine
                    ? new NeutronDouble.Fate.Fine()
                    : done ? new NeutronDouble.Fate.Unheard() : new NeutronDouble.Fate.Lost();
        }
    }

    /** What there is, without ids and times: of how many of which kind, with which mark and address. */
    private static Map<String, List<String>> shape(Tenant tenant) {
        NetworkInventory inventory = tenant.api().inventory(tenant.id());
        Map<String, List<String>> shape = new TreeMap<>();
        inventory.collections().forEach((name, objects) -> {
            List<String> lines = new ArrayList<>();
            for (JsonNode object : objects) {
                lines.add("%s %s %s %s"
                        .formatted(
                                object.path("description").asString(),
                                object.path("device_owner").asString(""),
                                object.at("/fixed_ips/0/ip_address").asString(""),
                                object.path("sub_ports").size()));
            }
            Collections.sort(lines);
            shape.put(name, lines);
        });
        return shape;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunThatDiesAtAnyWriteIsContinued(boolean done) {
        Tenant tenant = cloud.tenant("mortal");
        TestingNode node = TestingNode.of("10.4.0.0/27", 7, tenant.vmPort());
        NeutronTarget target = tenant.target();
        Map<String, List<String>> empty = shape(tenant);
        AtomicInteger counter = new AtomicInteger();
        cloud.trouble(new Death(-1, done, counter));
        try (SdnBackend sdn = backends.backend(node.cluster(), target, null)) {
            node.make(sdn);
            Map<String, List<String>> whole = shape(tenant);
            int toMake = counter.get();
            node.unmake(sdn);
            int toUnmake = counter.get() - toMake;
            assertThat(toMake).isEqualTo(8);
            assertThat(toUnmake)
                    .as("sub-ports, ports, interface, subnet, network, trunk, router")
                    .isEqualTo(13);

            for (int i = 1; i <= toMake; i++) {
                cloud.trouble(new Death(i, done, new AtomicInteger()));
                assertThatThrownBy(() -> node.make(sdn)).isInstanceOf(Unavailable.class);
                node.make(sdn);
                assertThat(shape(tenant)).as("after a death at write %d", i).isEqualTo(whole);
                node.unmake(sdn);
                assertThat(shape(tenant)).isEqualTo(empty);
            }
            for (int i = 1; i <= toUnmake; i++) {
                node.make(sdn);
                cloud.trouble(new Death(i, done, new AtomicInteger()));
                assertThatThrownBy(() -> node.unmake(sdn)).isInstanceOf(Unavailable.class);
                node.unmake(sdn);
                assertThat(shape(tenant))
                        .as("after a death at write %d of the end", i)
                        .isEqualTo(empty);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void halfMadeThingsAreTakenDownToo(boolean done) {
        Tenant tenant = cloud.tenant("halfway");
        TestingNode node = TestingNode.of("10.4.0.0/27", 4, tenant.vmPort());
        Map<String, List<String>> empty = shape(tenant);
        try (SdnBackend sdn = backends.backend(node.cluster(), tenant.target(), null)) {
            for (int i = 1; i <= 8; i++) {
                cloud.trouble(new Death(i, done, new AtomicInteger()));
                assertThatThrownBy(() -> node.make(sdn)).isInstanceOf(Unavailable.class);
                node.unmake(sdn);
                assertThat(shape(tenant)).as("after a death at write %d", i).isEqualTo(empty);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void writersThatMeetMakeOneOfEach(int round) throws InterruptedException {
        cloud.trouble(call -> new NeutronDouble.Fate.Fine());
        Tenant tenant = cloud.tenant("crowd-" + round);
        NeutronTarget target = tenant.target();
        TestingNode node = TestingNode.of("10.4.0.0/27", 9, tenant.vmPort());
        Map<String, List<String>> empty = shape(tenant);
        List<Future<?>> writers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 3; i++) {
                writers.add(threads.submit(() -> {
                    try (SdnBackend sdn = backends.backend(node.cluster(), target, null)) {
                        node.make(sdn);
                    }
                }));
            }
        }
        assertThat(writers.stream().filter(w -> w.state() == Future.State.SUCCESS))
                .as("of writers that met, one at least gets through: %s", writers)
                .isNotEmpty();
        try (SdnBackend sdn = backends.backend(node.cluster(), target, null)) {
            node.make(sdn);
            Map<String, List<String>> whole = shape(tenant);
            assertThat(whole.get("networks")).hasSize(2);
            assertThat(whole.get("routers")).hasSize(1);
            assertThat(whole.get("subnets")).hasSize(2);
            assertThat(whole.get("ports")).hasSize(1 + 1 + 9);
            assertThat(whole.get("trunks")).hasSize(1);
            node.unmake(sdn);
            assertThat(shape(tenant)).isEqualTo(empty);
        }
    }
}
