package io.portolan.e2e.demo;

import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;

/** Takes down what {@code up} left running, and sweeps what killed runs left behind. */
final class Down {
    private static final Duration GRACE = Duration.ofSeconds(30);

    private Down() {}

    static void main() {
        int taken = 0;
        for (Path directory : Workspace.under(DevStacks.ROOT)) {
            Workspace.takeDown(directory, GRACE);
            taken++;
        }
        int swept = Workspace.sweepAll(Workspace.DEFAULT_ROOT).size();
        System.out.printf("portolan: %d taken down, %d leftovers of killed runs swept%n", taken, swept);
    }
}
