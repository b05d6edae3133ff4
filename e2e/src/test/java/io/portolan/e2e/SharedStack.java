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
import java.util.EnumMap;
import java.util.Map;

/** One stack of each mode with one node for all tests of this JVM; it goes when the JVM does. */
record SharedStack(Workspace workspace, Stack stack, Worker worker) {
    static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    static final Duration LIMIT = Duration.ofMinutes(2);

    private static final Map<Stack.Mode, SharedStack> SHARED = new EnumMap<>(Stack.Mode.class);

    /** Not made in a static initialiser: the threads that start the parts would wait for that to end. */
    static synchronized SharedStack get(Stack.Mode mode) {
        SharedStack shared = SHARED.get(mode);
        if (shared == null) {
            shared = start(mode);
            SHARED.put(mode, shared);
        }
        return shared;
    }

    /** In overlay mode. */
    static SharedStack get() {
        return get(Stack.Mode.OVERLAY);
    }

    private static SharedStack start(Stack.Mode mode) {
        try (Workspace training = Workspace.create()) {
            Training.complete(training, CHECKOUT);
        }
        Workspace workspace = Workspace.create();
        Stack stack = Stack.start(workspace, mode, CHECKOUT, Stack.Progress.SILENT);
        stack.declareCluster();
        SharedStack made =
                new SharedStack(workspace, stack, stack.addNode("node-1").join());
        made.awaitServing(made.worker());
        return made;
    }

    void awaitServing(Worker node) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() ->
                        assertThat(stack.runtime().call("STATUS", node.host())).returns(0, CniAnswer::exitCode));
    }
}
