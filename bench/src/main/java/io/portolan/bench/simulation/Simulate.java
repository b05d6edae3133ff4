package io.portolan.bench.simulation;

import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.Workspace;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code ./portolan simulate}. Its exit status is 1 where something was not right at the end. */
public final class Simulate {
    private static final int HEAP_MIB = 640;

    private Simulate() {}

    static void main(String[] arguments) {
        PrintStream results = System.out;
        System.setOut(System.err);
        try {
            Result result = run(Plan.of(arguments), Path.of("").toAbsolutePath());
            results.println(result.plan().json() ? result.json() : result.words());
            System.exit(result.right() ? 0 : 1);
        } catch (Plan.Unknown e) {
            System.err.println("portolan: " + e.getMessage());
            System.exit(2);
        } catch (InterruptedException e) {
            System.exit(130);
        }
    }

    /** @param checkout the directory of the checkout, built */
    static Result run(Plan plan, Path checkout) throws InterruptedException {
        try (Workspace workspace = Workspace.create()) {
            say("starting PostgreSQL, ipam-service and topology-service with a network in memory");
            ReplicatedServices services = ReplicatedServices.onMemoryNetwork(workspace, checkout, HEAP_MIB);
            RestCalls topology = services.topology().getFirst().calls();
            RestCalls ipam = services.ipam().getFirst().calls();
            Simulation simulation = new Simulation(plan, topology, ipam);
            Result result = simulation.run();
            Plot.write(plan.plot(), simulation.timeline());
            return result;
        }
    }

    /** To people; what a program reads is on standard output. */
    static void say(String words) {
        System.err.println("portolan: " + words);
    }
}
