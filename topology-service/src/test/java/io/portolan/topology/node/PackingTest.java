package io.portolan.topology.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.Http;
import io.portolan.ipam.World;
import io.portolan.model.NodeId;
import io.portolan.model.SubnetSizing;
import io.portolan.model.SubnetState;
import io.portolan.model.WarmTarget;
import io.portolan.model.api.NodeRegistration.Demand;
import io.portolan.model.api.SubnetRequest;
import io.portolan.topology.cluster.NodeSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Nodes of mixed sizes on one /16 until the first pod gets no address: how much of it is in use then. The blocks are cut by
 * ipam-service's own query on PostgreSQL, what is asked of it by {@link SubnetSizing} and {@link Supply} with the settings that
 * docs/sizing.md has for scarce addresses; only pods, nodes and time are made up. {@code -Dpacking.seed=N} replays one.
 *
 * <p>Pods live as containers do in the Sysdig Container Usage Report of 2019 (two million containers): 22 % up to ten seconds,
 * 17 % up to a minute, and so on to 4 % above two weeks. A quarter each of the nodes run up to 30 (that report's median of
 * a host), 60, 110 (kubelet's default) and 250 pods; a node joins when a pod fits on none, as Cluster Autoscaler has it, and a
 * pod goes to the node with the largest share of room, as Kubernetes' scheduler has it, which knows nothing of addresses.
 */
class PackingTest {
    private static final Logger log = LoggerFactory.getLogger(PackingTest.class);
    private static final int ANALYSED = 32;
    private static final int ADDRESSES = 1 << 16;
    private static final List<Kind> KINDS =
            List.of(new Kind(4, 30), new Kind(8, 60), new Kind(16, 110), new Kind(32, 250));
    private static final NodeSettings SCARCE =
            new NodeSettings(new SubnetSizing(7, 1_000, 5, 4_000), new WarmTarget(4, 2), 5, Duration.ofMinutes(10));
    private static final int[] PERCENT = {22, 17, 15, 9, 10, 4, 6, 3, 8, 4, 2};
    private static final long[] SECONDS = {
        1, 10, 60, 300, 600, 1_800, 3_600, 21_600, 86_400, 604_800, 1_209_600, 4_838_400
    };

    private record Kind(int cpus, int maxPods) {}

    /** @param ends by the simulation's clock, in seconds */
    private record Pod(long ends, Host host) {}

    /** What a node gets when it wants more. */
    private interface Supplier {
        /** Whether it got anything. */
        boolean supply(Host host);
    }

    private static final class Host {
        private final Run run;
        private final NodeId id;
        private final Kind kind;
        private final List<Supply.OfSubnet> subnets = new ArrayList<>();
        private int pods;

        private Host(Run run, NodeId id, Kind kind) {
            this.run = run;
            this.id = id;
            this.kind = kind;
        }

        private int ports() {
            return subnets.stream().mapToInt(Supply.OfSubnet::ports).sum();
        }

        private double room() {
            return (kind.maxPods() - pods) / (double) kind.maxPods();
        }

        private boolean cut(int prefixLength) {
            if (prefixLength <= run.refused) {
                return false;
            }
            Http.Answer answer =
                    World.http().put("/v1/nodes/" + id + "/subnets/" + subnets.size(), new SubnetRequest(prefixLength));
            if (answer.status() == 507) {
                run.refused = prefixLength;
                return false;
            }
            answer.assertStatus(201);
            int ports = (1 << (32 - prefixLength)) - SubnetSizing.RESERVED;
            subnets.add(new Supply.OfSubnet(subnets.size(), SubnetState.LIVE, ports, 0, 0, 0, false, true));
            return true;
        }

        private long addresses() {
            return ports() + (long) subnets.size() * SubnetSizing.RESERVED;
        }
    }

    /** What one run came to before it refused. */
    private record Result(int nodes, long pods, long cut, long ports, int subnets) {
        private double use() {
            return pods / (double) ADDRESSES;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d nodes, %d pods: %.1f %% of the addresses have a pod, %.1f %% are in subnets, %.1f %% of the ports have no pod, %.2f subnets a node",
                    nodes,
                    pods,
                    100 * use(),
                    100.0 * cut / ADDRESSES,
                    100 - 100.0 * pods / ports,
                    subnets / (double) nodes);
        }
    }

    private static final class Run {
        private final Random random;
        private final World.TestingCluster cluster;
        private final Supplier supplier;
        private final List<Host> hosts = new ArrayList<>();
        private final PriorityQueue<Pod> pods = new PriorityQueue<>(Comparator.comparingLong(Pod::ends));
        private long room;
        private long now;
        /** Nothing is given back: who was refused a block is refused all that are as large. */
        private int refused;

        private Run(long seed, String block, Supplier supplier) {
            this.random = new Random(seed);
            this.cluster = World.clusterWithPool(block, 0);
            this.supplier = supplier;
        }

        private Result untilRefused() {
            while (true) {
                end();
                if (pods.size() == room && !join()) {
                    return result();
                }
                Host host = hosts.stream()
                        .max(Comparator.comparingDouble(Host::room))
                        .orElseThrow();
                host.pods++;
                supplier.supply(host);
                if (host.pods > host.ports()) {
                    host.pods--;
                    return result();
                }
                pods.add(new Pod(now + lifetime(), host));
                now += random.nextInt(2);
            }
        }

        private void end() {
            while (!pods.isEmpty() && pods.element().ends() <= now) {
                pods.remove().host().pods--;
            }
        }

        private boolean join() {
            Host host = new Host(this, World.node(cluster), KINDS.get(hosts.size() % KINDS.size()));
            if (!supplier.supply(host)) {
                return false;
            }
            hosts.add(host);
            if (hosts.size() % ANALYSED == 0) {
                World.sql("analyze subnet"); // as autovacuum does, which sleeps for a minute at first
            }
            room += host.kind.maxPods();
            return true;
        }

        private long lifetime() {
            int percent = random.nextInt(100);
            int bucket = 0;
            while (percent >= PERCENT[bucket]) {
                percent -= PERCENT[bucket];
                bucket++;
            }
            return random.nextLong(SECONDS[bucket], SECONDS[bucket + 1]);
        }

        private Result result() {
            return new Result(
                    hosts.size(),
                    pods.size(),
                    hosts.stream().mapToLong(Host::addresses).sum(),
                    hosts.stream().mapToLong(Host::ports).sum(),
                    hosts.stream().mapToInt(host -> host.subnets.size()).sum());
        }
    }

    /** As {@link NodeSubnets} does, in one go. */
    private static boolean elastic(Host host) {
        while (true) {
            Supply supply = new Supply(new Demand(host.pods, 0), host.kind.maxPods(), SCARCE, host.subnets);
            if (!supply.isShort() && !host.subnets.isEmpty()) {
                return true;
            }
            int prefixLength = host.subnets.isEmpty()
                    ? SCARCE.sizing().prefixLength(host.kind.cpus(), Integer.MAX_VALUE, host.kind.maxPods())
                    : SubnetSizing.prefixLength(supply.further());
            while (!host.cut(prefixLength)) {
                if (prefixLength++ == 29) {
                    return false;
                }
            }
        }
    }

    @Test
    void aClusterOfMixedNodesPacksItsAddressesBeforeItRefuses() {
        long seed = Long.getLong("packing.seed", 42L);
        Result elastic = new Run(seed, "10.4.0.0/16", PackingTest::elastic).untilRefused();
        log.warn("packing.seed={} elastic: {}", seed, elastic);
        Result fixed = new Run(seed, "10.4.0.0/16", host -> !host.subnets.isEmpty() || host.cut(24)).untilRefused();
        log.warn("packing.seed={} fixed /24: {}", seed, fixed);
        assertThat(elastic.use()).isGreaterThanOrEqualTo(0.9);
        assertThat(elastic.use()).isGreaterThan(1.5 * fixed.use());
    }
}
