package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Lets every service start once, so that the JVM can keep what it loaded and linked (JEP 514): later starts take a third
 * of the time. Done once a build; it needs a database, and a node agent that finds no switch is good enough.
 */
public final class Training {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int PORT = 18_100;

    private Training() {}

    /** Takes modules; without any it is about all. */
    static void main(String[] modules) {
        try (Workspace workspace = Workspace.create()) {
            complete(
                    workspace,
                    Path.of("").toAbsolutePath(),
                    modules.length == 0 ? ServiceJar.MODULES : List.of(modules));
        }
    }

    /** Makes the caches that are missing. Whoever else does so just now is waited for. */
    public static void complete(Workspace workspace, Path checkout) {
        complete(workspace, checkout, ServiceJar.MODULES);
    }

    private static void complete(Workspace workspace, Path checkout, List<String> modules) {
        Path lock = checkout.resolve("e2e/target/training.lock");
        ServiceJar.alone(lock, () -> makeMissing(workspace, checkout, modules));
    }

    /** @return those of which it made one */
    private static List<ServiceJar> makeMissing(Workspace workspace, Path checkout, List<String> modules) {
        List<ServiceJar> untrained = modules.stream()
                .map(module -> ServiceJar.of(workspace, checkout, module))
                .filter(jar -> !Files.exists(jar.cache()))
                .toList();
        if (!untrained.isEmpty()) {
            Ledger ledger = Ledger.start(workspace);
            for (int i = 0; i < untrained.size(); i++) {
                train(workspace, ledger, untrained.get(i), PORT + i);
            }
        }
        return untrained;
    }

    private static void train(Workspace workspace, Ledger ledger, ServiceJar jar, int port) {
        Path made = jar.cache().resolveSibling("app.aot.new");
        RestCalls calls = new RestCalls("http://127.0.0.1:" + port);
        Path scratch = workspace.directory("training-" + port);
        Daemon.Plan plan = workspace
                .daemon(jar.module() + "-training", jar.command(192, "-XX:AOTCacheOutput=" + made))
                .environment("SERVER_ADDRESS", "127.0.0.1")
                .environment("SERVER_PORT", Integer.toString(port))
                .environment("PORTOLAN_ACCESS_OPEN", "true");
        Map<String, String> environment = jar.module().equals("node-agent")
                ? Map.of(
                        "PORTOLAN_AGENT_CLUSTER", "training",
                        "PORTOLAN_AGENT_NODE", "training",
                        "PORTOLAN_AGENT_TOPOLOGYURLS", calls.base(),
                        "PORTOLAN_AGENT_IPAMURLS", calls.base(),
                        "PORTOLAN_AGENT_OVSDB", "unix:" + scratch.resolve("none.sock"),
                        "PORTOLAN_AGENT_CACHEFILE", scratch.resolve("node.db").toString(),
                        "PORTOLAN_CNI_SOCKET", scratch.resolve("cni/cni.sock").toString(),
                        "PORTOLAN_CNI_QUEUE", scratch.resolve("queue").toString())
                : ledger.environment(jar.module());
        environment.forEach(plan::environment);
        plan.readyWhen("it answers that it lives", d -> calls.answers("/actuator/health/liveness"))
                .readyWithin(LIMIT)
                .grace(LIMIT)
                .start()
                .stop();
        try {
            Files.move(made, jar.cache());
        } catch (IOException e) {
            throw new UncheckedIOException("the JVM left no cache of " + jar.module(), e);
        }
    }
}
