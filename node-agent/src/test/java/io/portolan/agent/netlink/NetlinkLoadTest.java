package io.portolan.agent.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Many of everything, quickly and at once. */
class NetlinkLoadTest {
    private static final Cidr PODS = Cidr.parse("10.9.0.0/16");
    private static final IpAddress GATEWAY = PODS.address(1);

    @Test
    void twoHundredVethsAreMadeMovedAndConfiguredWithoutLosingADescriptor() throws IOException {
        try (TestingNamespace hostSide = TestingNamespace.create();
                TestingNamespace podSide = TestingNamespace.create();
                NetworkNamespace hostNamespace = hostSide.open();
                Netlink host = Netlink.in(hostNamespace)) {
            makeSpares(host, 200);
            plugIn(host, podSide, 0);
            long before = descriptors();

            List<Double> milliseconds = IntStream.range(1, 200)
                    .mapToObj(i -> plugIn(host, podSide, i))
                    .sorted()
                    .toList();

            assertThat(descriptors()).isEqualTo(before);
            assertThat(podSide.ip("-o", "-4", "addr").lines().filter(line -> line.contains(" pod")))
                    .hasSize(200);
            System.out.printf(
                    "move and configure: median %.2f ms, slowest %.2f ms%n",
                    milliseconds.get(milliseconds.size() / 2), milliseconds.getLast());
        }
    }

    @Test
    void manyVirtualThreadsShareOneSocketAndOpenTheirOwn() throws Exception {
        try (TestingNamespace hostSide = TestingNamespace.create();
                TestingNamespace podSide = TestingNamespace.create();
                NetworkNamespace hostNamespace = hostSide.open();
                Netlink host = Netlink.in(hostNamespace)) {
            makeSpares(host, 64);
            long before = descriptors();

            inVirtualThreads(64, i -> {
                plugIn(host, podSide, i);
                try (NetworkNamespace namespace = podSide.open();
                        Netlink pod = Netlink.in(namespace)) {
                    Link link = pod.link("pod" + i).orElseThrow();
                    assertThat(pod.addresses(link)).contains(address(i));
                    assertThat(pod.routes(link)).contains(route(i));
                    pod.moveTo(link, host, "spare" + i);
                }
            });

            assertThat(host.links()).extracting(Link::name).containsAll(names("spare", 64));
            assertThat(podSide.ip("-o", "link")).doesNotContain("pod");
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(descriptors()).isLessThanOrEqualTo(before));
        }
    }

    @Test
    void listsReadWhileLinksComeAndGoAreNeverTorn() throws Exception {
        try (TestingNamespace side = TestingNamespace.create();
                NetworkNamespace namespace = side.open();
                Netlink writer = Netlink.in(namespace);
                Netlink reader = Netlink.in(namespace)) {
            makeSpares(writer, 40);

            inVirtualThreads(8, i -> {
                for (int round = 0; round < 5; round++) {
                    writer.apply(Change.createVeth("x" + i, "y" + i, 1400, mac(i)));
                    assertThat(reader.links()).extracting(Link::name).containsAll(names("spare", 40));
                    writer.apply(Change.delete("x" + i));
                }
            });

            assertThat(reader.links())
                    .filteredOn(link -> link.name().startsWith("x"))
                    .isEmpty();
        }
    }

    /** @return how long it took, in milliseconds */
    private static double plugIn(Netlink host, TestingNamespace podSide, int i) {
        Link spare = host.link("spare" + i).orElseThrow();
        long start = System.nanoTime();
        try (NetworkNamespace namespace = podSide.open();
                Netlink pod = Netlink.in(namespace)) {
            Link link = host.moveTo(spare, pod, "pod" + i);
            pod.apply(Change.addAddress(link, address(i)), Change.up(link), Change.addRoute(link, route(i)));
        }
        return (System.nanoTime() - start) / 1e6;
    }

    private static void makeSpares(Netlink host, int count) {
        Change[] pairs = IntStream.range(0, count)
                .mapToObj(i -> Change.createVeth("host" + i, "spare" + i, 1400, mac(i)))
                .toArray(Change[]::new);
        host.apply(pairs);
        Change[] ups = host.links().stream()
                .filter(link -> link.name().startsWith("host"))
                .map(Change::up)
                .toArray(Change[]::new);
        assertThat(ups).hasSize(count);
        host.apply(ups);
    }

    private static InterfaceAddress address(int i) {
        return new InterfaceAddress(PODS.address(10 + i), 16);
    }

    /** Each pod has one of its own, as all of them share a namespace here. */
    private static Route route(int i) {
        return Route.via(Cidr.around(Cidr.parse("10.96.0.0/16").address(i), 32), GATEWAY);
    }

    private static MacAddress mac(int i) {
        return MacAddress.derivedFrom(address(i).ip());
    }

    private static List<String> names(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static void inVirtualThreads(int count, IntConsumer work) throws ExecutionException, InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                results.add(threads.submit(() -> work.accept(number)));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }
}
