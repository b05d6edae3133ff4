package io.portolan.bench;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.TestbedFailed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

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

    /** Milliseconds, of all its threads. */
    static double cpu(Daemon daemon) {
        try (Stream<Path> threads = Files.list(Path.of("/proc/%d/task".formatted(daemon.pid())))) {
            return threads.mapToLong(OvnLoad::nanos).sum() / 1e6;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nanos(Path thread) {
        try {
            return Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** MiB that are resident. */
    static double memory(Daemon daemon) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/%d/status".formatted(daemon.pid())))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
