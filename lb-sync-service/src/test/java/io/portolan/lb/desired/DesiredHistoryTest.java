package io.portolan.lb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.lb.desired.Refusal.Reason;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.InMemoryLoadBalancers;
import io.portolan.sdn.LoadBalancerSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Thousands of histories of Services and slices, whose events are lost, repeated and reordered on the way. A look at a
 * Service knows what is so now and nothing of what happened; whenever all events have come, or everything was looked at
 * once, each packet goes where the plain reference says.
 */
class DesiredHistoryTest {
    private static final int HISTORIES = 3_000;
    private static final int STEPS = 12;
    private static final ClusterId CLUSTER = ClusterId.random();

    private static final ReferenceProxy REFERENCE = new ReferenceProxy(
            Map.of("ns/s-0", Set.of(TestingServices.granted(0)), "ns/s-1", Set.of(TestingServices.granted(1))),
            Set.of("192.168.0.1", "192.168.0.2"),
            Set.of("203.0.113.1"),
            false);

    /** What the API server has, what is on the way to the loop, and what the network was told. */
    private static final class History {
        private final Map<String, Service> services = new TreeMap<>();
        private final Map<String, Map<String, EndpointSlice>> slices = new TreeMap<>();
        private final List<Integer> onTheWay = new ArrayList<>();
        private final InMemoryLoadBalancers network =
                new InMemoryBackend(CLUSTER, new InMemoryBackend.Network()).loadBalancers();
        private final TestingServices generator;
        private final Random random;
        private boolean lost;

        private History(long seed) {
            generator = new TestingServices(seed);
            random = generator.random();
        }

        private void step() {
            int number = random.nextInt(2);
            String name = "s-" + number;
            Map<String, EndpointSlice> its = slices.computeIfAbsent(name, any -> new TreeMap<>());
            switch (random.nextInt(7)) {
                case 0 -> services.remove(name);
                case 1, 2 -> services.put(name, generator.service(name, number));
                case 3 -> its.remove(name + "-" + random.nextInt(2));
                default -> {
                    String key = name + "-" + random.nextInt(2);
                    its.put(key, generator.slice(name, key));
                }
            }
            int times = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(2);
            lost |= times == 0;
            onTheWay.addAll(Collections.nCopies(times, number));
            Collections.shuffle(onTheWay, random);
        }

        private void someCome() {
            for (int i = random.nextInt(3); i > 0 && !onTheWay.isEmpty(); i--) {
                look(onTheWay.removeLast());
            }
        }

        private void rest() {
            onTheWay.forEach(this::look);
            onTheWay.clear();
            if (lost) {
                List.of(0, 1).forEach(this::look);
                lost = false;
            }
        }

        private static LoadBalancerId id(int number) {
            return LoadBalancerId.of(CLUSTER, "ns", "s-" + number);
        }

        private Desired desired(int number) {
            String name = "s-" + number;
            return Desired.of(
                    services.get(name),
                    slices.getOrDefault(name, Map.of()).values(),
                    Set.of(IpAddress.parse(TestingServices.granted(number))),
                    DesiredPropertyTest.facts(DesiredPropertyTest.ALL));
        }

        private void look(int number) {
            Desired desired = services.containsKey("s-" + number) ? desired(number) : null;
            if (desired == null || !desired.balanced()) {
                network.delete(List.of(id(number)));
            } else {
                network.ensure(List.of(new LoadBalancerSpec(id(number), "ns/s-" + number, desired.listeners())));
            }
        }

        private void compare(String when) {
            Map<LoadBalancerId, LoadBalancerSpec> told = network.everything();
            for (int number = 0; number < 2; number++) {
                Service service = services.get("s-" + number);
                LoadBalancerSpec spec = told.get(id(number));
                if (service == null) {
                    assertThat(spec).as(when).isNull();
                    continue;
                }
                for (Packet packet : TestingServices.packets(2)) {
                    Verdict wanted = REFERENCE.verdict(
                            service,
                            slices.getOrDefault("s-" + number, Map.of()).values(),
                            packet);
                    Verdict got = spec == null
                            ? new Verdict.Passed()
                            : DesiredPropertyTest.promised(spec.listeners(), packet);
                    if (!Objects.equals(got, wanted)) {
                        assertThat(desired(number).refusals())
                                .as("%s, %s: %s instead of %s without a refusal", when, packet, got, wanted)
                                .extracting(Refusal::reason)
                                .contains(Reason.SourceRangesNotSupported);
                        assertThat(got)
                                .as("%s: what is refused is closed", when)
                                .isEqualTo(new Verdict.Lost());
                    }
                }
            }
        }
    }

    @Test
    void whateverBecameOfTheEventsAtRestAllIsAsKubernetesMeansIt() {
        for (long seed = 0; seed < HISTORIES; seed++) {
            History history = new History(seed);
            int middle = 1 + history.random.nextInt(STEPS);
            for (int step = 1; step <= STEPS; step++) {
                history.step();
                history.someCome();
                if (step == middle || step == STEPS) {
                    history.rest();
                    history.compare("seed %d after step %d".formatted(seed, step));
                    int writes = history.network.writes();
                    List.of(0, 1).forEach(history::look);
                    assertThat(history.network.writes())
                            .as("seed %d: a look at what is right writes nothing", seed)
                            .isEqualTo(writes);
                }
            }
        }
    }
}
