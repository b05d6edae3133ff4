package io.portolan.agent.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** How big the node is. */
public record Machine(int cpus, int memoryMiB, int maxPods) {
    private static final Path MEMORY = Path.of("/proc/meminfo");

    /** What is not given is read from the machine. */
    public static Machine of(Optional<Integer> cpus, Optional<Integer> memoryMiB, int maxPods) {
        return new Machine(
                cpus.orElseGet(() -> Runtime.getRuntime().availableProcessors()),
                memoryMiB.orElseGet(Machine::memory),
                maxPods);
    }

    private static int memory() {
        try (var lines = Files.lines(MEMORY)) {
            return lines.filter(line -> line.startsWith("MemTotal:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToInt(kib -> Math.toIntExact(Long.parseLong(kib) / 1024))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(MEMORY + " does not say how much memory there is"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
