package io.portolan.bench;

import io.portolan.bench.simulation.Plan;
import io.portolan.bench.simulation.Plot;
import io.portolan.bench.simulation.Result;
import io.portolan.bench.simulation.Simulation;
import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.knowm.xchart.XYChart;

/**
 * What grows with the nodes: 10, 100, 1,000 and 5,000 of them simulated, each on services of its own, under the same number of pod
 * starts a second as far as the nodes have room for them.
 */
final class Growth implements Harness {
    private static final List<Integer> NODES = List.of(10, 100, 1_000, 5_000);
    private static final double STARTS_A_SECOND = 10;
    private static final double MOST_PER_NODE = 6;
    private static final int HEAP_MIB = 512;
    private static final Path PLOT = Path.of("target/growth.png");

    /** One size's figures. */
    private record Size(
            int nodes, Result result, double lagMillis, double ledgerMiB, double ipamMiB, double topologyMiB) {}

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public List<Figure> measure() {
        List<Size> sizes = new ArrayList<>();
        try {
            for (int nodes : NODES) {
                sizes.add(measure(nodes));
            }
        } catch (Plan.Unknown e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        plot(sizes);
        List<Figure> figures = new ArrayList<>();
        for (Size size : sizes) {
            String of = "%,d nodes: ".formatted(size.nodes());
            figures.add(Figure.told(of + "claim, p50", size.result().claimMillis(0.5), "ms"));
            figures.add(Figure.told(of + "claim, p99", size.result().claimMillis(0.99), "ms"));
            figures.add(Figure.told(of + "one node more, from PUT to all ports free", size.lagMillis(), "ms"));
            figures.add(Figure.told(of + "ledger", size.ledgerMiB(), "MiB"));
            figures.add(Figure.told(of + "ipam-service, resident", size.ipamMiB(), "MiB"));
            figures.add(Figure.told(of + "topology-service, resident", size.topologyMiB(), "MiB"));
        }
        Size hundred = sizes.get(1);
        Size most = sizes.getLast();
        double times = (double) most.nodes() / hundred.nodes();
        figures.add(Figure.ratio(
                "claim p50 at %,d nodes against %,d".formatted(most.nodes(), hundred.nodes()),
                most.result().claimMillis(0.5),
                hundred.result().claimMillis(0.5),
                "ms",
                1.2));
        figures.add(Figure.ratio("ledger, the same, a node", most.ledgerMiB() / times, hundred.ledgerMiB(), "MiB", 1));
        figures.add(Figure.ratio(
                "one node more, the same, a node", most.lagMillis() / times, hundred.lagMillis(), "ms", 1));
        figures.add(Figure.ratio(
                "topology-service, the same, a node", most.topologyMiB() / times, hundred.topologyMiB(), "MiB", 1));
        return figures;
    }

    private static Size measure(int nodes) throws Plan.Unknown, InterruptedException {
        double churn = Math.min(MOST_PER_NODE, STARTS_A_SECOND * 60 / nodes);
        Plan plan = Plan.of(
                "--nodes",
                Integer.toString(nodes),
                "--minutes",
                "1",
                "--churn",
                Double.toString(churn),
                "--fill",
                "0.2",
                "--failing",
                "0",
                "--rollout",
                "0");
        try (Workspace workspace = Workspace.create()) {
            Bench.say("%,d nodes".formatted(nodes));
            ReplicatedServices services =
                    ReplicatedServices.onMemoryNetwork(workspace, Path.of("").toAbsolutePath(), HEAP_MIB);
            RestCalls topology = services.topology().getFirst().calls();
            Result result =
                    new Simulation(plan, topology, services.ipam().getFirst().calls()).run();
            if (!result.right()) {
                throw new IllegalStateException("the simulation is not right: " + result.words());
            }
            double lag = oneMore(topology);
            return new Size(
                    nodes,
                    result,
                    lag,
                    ledgerMiB(services),
                    resident(services.ipam().getFirst()),
                    resident(services.topology().getFirst()));
        }
    }

    private static double resident(ReplicatedServices.Replica replica) {
        return new Processes(replica.daemon().pid()).mebibytes("VmRSS");
    }

    private static double ledgerMiB(ReplicatedServices services) {
        try (Connection connection = services.ledger().owner().connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_database_size(current_database())")) {
            row.next();
            return row.getLong(1) / 1_048_576.0;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Milliseconds until one node more has its ports: how far behind the reconcilers are. */
    private static double oneMore(RestCalls topology) throws InterruptedException {
        String node = "/v1/clusters/%s/nodes/one-more".formatted(Simulation.CLUSTER);
        long begin = System.nanoTime();
        topology.put(
                        node,
                        Map.of(
                                "cpus",
                                16,
                                "memoryMiB",
                                65_536,
                                "maxPods",
                                60,
                                "chassis",
                                "one-more",
                                "agent",
                                UUID.randomUUID()))
                .ok();
        while (topology.get(node).ok().path("ports").path("free").asInt() < 60) {
            if (System.nanoTime() - begin > Duration.ofMinutes(5).toNanos()) {
                throw new IllegalStateException("the node does not get its ports");
            }
            Thread.sleep(5);
        }
        return (System.nanoTime() - begin) / 1e6;
    }

    private static void plot(List<Size> sizes) {
        double[] nodes = sizes.stream().mapToDouble(Size::nodes).toArray();
        XYChart claims = Plot.over("Claims", "nodes", "ms");
        Plot.add(
                claims,
                "median",
                nodes,
                sizes.stream().mapToDouble(s -> s.result().claimMillis(0.5)).toArray());
        Plot.add(
                claims,
                "p99",
                nodes,
                sizes.stream().mapToDouble(s -> s.result().claimMillis(0.99)).toArray());
        XYChart lag = Plot.over("One node more", "nodes", "ms");
        Plot.add(
                lag,
                "from PUT to all ports free",
                nodes,
                sizes.stream().mapToDouble(Size::lagMillis).toArray());
        XYChart ledger = Plot.over("Ledger", "nodes", "MiB");
        Plot.add(
                ledger,
                "size",
                nodes,
                sizes.stream().mapToDouble(Size::ledgerMiB).toArray());
        XYChart memory = Plot.over("Memory", "nodes", "MiB");
        Plot.add(
                memory,
                "ipam-service",
                nodes,
                sizes.stream().mapToDouble(Size::ipamMiB).toArray());
        Plot.add(
                memory,
                "topology-service",
                nodes,
                sizes.stream().mapToDouble(Size::topologyMiB).toArray());
        Plot.write(PLOT, List.of(claims, lag, ledger, memory), 2);
        Bench.say("the plot is " + PLOT);
    }
}
