package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.e2e.stack.Training;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;

/** One stack with one node for all tests of this JVM; it goes when the JVM does. */
final class SharedStack {
    static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    static final Duration LIMIT = Duration.ofMinutes(2);
    static final Workspace WORKSPACE = Workspace.create();
    static final Stack STACK = start();
    static final Worker WORKER = firstWorker();

    private SharedStack() {}

    private static Stack start() {
        try (Workspace training = Workspace.create()) {
            Training.complete(training, CHECKOUT);
        }
        return Stack.start(WORKSPACE, CHECKOUT, (what, ms) -> {});
    }

    private static Worker firstWorker() {
        STACK.declareCluster();
        Worker worker = STACK.addNode("node-1").join();
        awaitServing(worker);
        return worker;
    }

    static void awaitServing(Worker worker) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(STACK.runtime().call("STATUS", worker.host()))
                        .returns(0, CniAnswer::exitCode));
    }
}
