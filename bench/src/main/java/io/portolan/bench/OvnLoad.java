package io.portolan.bench;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.TestbedFailed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What OVN's daemons use, and whether they are at rest. */
record OvnLoad(OvnCentral central, List<Daemon> daemons) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int LOOK_EVERY_MS = 200;
    private static final int QUIET_LOOKS = 4;
    private static final double REST_MS = 10;

    /** @param more what is to be at rest beside the central */
    static OvnLoad of(OvnCentral central, Daemon... more) {
        List<Daemon> all = new ArrayList<>(List.of(
                central.northd(),
                central.northbound().daemon(),
                central.southbound().daemon()));
        all.addAll(List.of(more));
        return new OvnLoad(central, all);
    }

    /** Milliseconds of northd's CPU that this costs, beginning at rest, until all is at rest again. */
    double northd(Runnable change) {
        double before = cpu(central.northd());
        change.run();
        awaitRest();
        return cpu(central.northd()) - before;
    }

    /** Until none of them has worked for a while. */
    void awaitRest() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        double last = cpu();
        for (int quiet = 0; quiet < QUIET_LOOKS; ) {
            if (System.nanoTime() > end) {
                throw new TestbedFailed("OVN is not at rest after " + PATIENCE);
            }
            pause(Duration.ofMillis(LOOK_EVERY_MS));
            double now = cpu();
            quiet = now - last < REST_MS ? quiet + 1 : 0;
            last = now;
        }
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while waiting", e);
        }
    }

    private double cpu() {
        return daemons.stream().mapToDouble(OvnLoad::cpu).sum();
    }

    static double cpu(Daemon daemon) {
        return new Processes(daemon.pid()).cpuMillis();
    }

    /** MiB that are resident. */
    static double memory(Daemon daemon) {
        return new Processes(daemon.pid()).mebibytes("VmRSS");
    }
}
