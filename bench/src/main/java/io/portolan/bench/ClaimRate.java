package io.portolan.bench;

import io.portolan.testbed.Command;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.springframework.data.jpa.repository.NativeQuery;

/**
 * Ports that ipam-service leases in a second to 64 clients, against {@code pgbench} with the statement that the service runs, on
 * the same PostgreSQL and the same ledger.
 */
final class ClaimRate implements Harness {
    private static final int CLIENTS = 64;
    private static final Duration LENGTH = Duration.ofSeconds(5);
    private static final int ROUNDS = 2;

    /** Nodes that a run of one batch size may empty. */
    private static final int NODES_FOR_16 = 900;

    private static final int NODES_FOR_1 = 150;

    @Override
    public String name() {
        return "claims";
    }

    @Override
    public List<Figure> measure() {
        int all = ROUNDS * (3 * NODES_FOR_16 + 2 * NODES_FOR_1) + CLIENTS;
        try (LargeLedger ledger = new LargeLedger(all);
                Workspace workspace = Workspace.create()) {
            Nodes nodes = new Nodes();
            byHttp(ledger, nodes.next(CLIENTS), 16, Duration.ofSeconds(2)); // warms it up
            double[] http = new double[ROUNDS];
            double[] bench = new double[ROUNDS];
            double[] crowd = new double[ROUNDS];
            double[] singly = new double[ROUNDS];
            double[] benchSingly = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                http[i] = byHttp(ledger, nodes.next(NODES_FOR_16), 16, LENGTH);
                bench[i] = byPgbench(workspace, ledger, nodes.next(NODES_FOR_16), 16, 8);
                crowd[i] = byPgbench(workspace, ledger, nodes.next(NODES_FOR_16), 16, CLIENTS);
                singly[i] = byHttp(ledger, nodes.next(NODES_FOR_1), 1, LENGTH);
                benchSingly[i] = byPgbench(workspace, ledger, nodes.next(NODES_FOR_1), 1, 8);
            }
            double base = Math.max(best(bench), best(crowd));
            return List.of(
                    Figure.atLeast("ports claimed in batches of 16, 64 clients", best(http), base, "1/s", 0.6),
                    Figure.told("the same by pgbench, 8 connections", best(bench), "1/s"),
                    Figure.told("the same by pgbench, 64 connections", best(crowd), "1/s"),
                    Figure.told("ports claimed one by one, 64 clients", best(singly), "1/s"),
                    Figure.told("the same by pgbench, 8 connections", best(benchSingly), "1/s"));
        }
    }

    private static double best(double[] rates) {
        return Arrays.stream(rates).max().orElseThrow();
    }

    /** Nodes from which nothing was claimed yet, in turn. */
    private static final class Nodes {
        private int used;

        Range next(int count) {
            used += count;
            return new Range(used - count + 1, used);
        }
    }

    private record Range(int first, int last) {
        int size() {
            return last - first + 1;
        }
    }

    /** Ports a second, by what the ledger says afterwards. */
    private static double byHttp(LargeLedger ledger, Range nodes, int batch, Duration length) {
        long before = ledger.leased();
        long begin = System.nanoTime();
        long end = begin + length.toNanos();
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().name("client-", 0).factory())) {
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int own = client;
                running.add(threads.submit(() -> claim(ledger, nodes, own, batch, end)));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double rate = (ledger.leased() - before) / seconds;
        Bench.say("by HTTP, batches of %d: %.0f ports a second".formatted(batch, rate));
        return rate;
    }

    private static void claim(LargeLedger ledger, Range nodes, int client, int batch, long end) {
        try (ClaimClient http = new ClaimClient(ledger.ipam())) {
            int at = client;
            while (System.nanoTime() < end) {
                if (http.claim(LargeLedger.nodeId(nodes.first() + at % nodes.size()), batch)
                        .isEmpty()) {
                    throw new IllegalStateException("there were too few nodes");
                }
                at += CLIENTS; // agents of many nodes claim, not one
            }
        }
    }

    private static double byPgbench(Workspace workspace, LargeLedger ledger, Range nodes, int batch, int connections) {
        Database database = ledger.database();
        String address = database.url().substring("jdbc:postgresql://".length());
        String[] parts = address.split("[:/?]");
        long before = ledger.leased();
        Command.Result result = workspace
                .command(
                        "pgbench",
                        "--no-vacuum",
                        "--protocol=prepared",
                        "--client=" + connections,
                        "--jobs=2",
                        "--time=" + LENGTH.toSeconds(),
                        "--file=" + script(workspace, nodes, batch),
                        "--host=" + parts[0],
                        "--port=" + parts[1],
                        "--username=" + database.user(),
                        parts[2])
                .environment("PGPASSWORD", database.password())
                .within(LENGTH.plusSeconds(60))
                .run();
        if (!result.succeeded()) {
            throw new IllegalStateException("pgbench: " + result.stderr());
        }
        double rate = (ledger.leased() - before) / (double) LENGTH.toSeconds();
        Bench.say("by pgbench, batches of %d, %d connections: %.0f ports a second".formatted(batch, connections, rate));
        return rate;
    }

    /** The service's own statement, its parameters as pgbench has them. */
    private static Path script(Workspace workspace, Range nodes, int batch) {
        String statement = statement()
                .replace(":claim", "gen_random_uuid()")
                .replace(":epoch", "1")
                .replace(":count", Integer.toString(batch))
                .replace(":node", LargeLedger.node(":number"));
        String script = "\\set number random(%d, %d)\n%s;\n"
                .formatted(nodes.first(), nodes.last(), statement.replace('\n', ' '));
        try {
            return Files.writeString(workspace.directory("pgbench").resolve("claim-" + nodes.first() + ".sql"), script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String statement() {
        try {
            return Arrays.stream(Class.forName("io.portolan.ipam.claim.ClaimRepository")
                            .getDeclaredMethods())
                    .filter(method -> method.getName().equals("lease"))
                    .findFirst()
                    .orElseThrow()
                    .getAnnotation(NativeQuery.class)
                    .value();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
