package io.portolan.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the kernel says of a process. */
public record Processes(long pid) {
    /** @param which a line of {@code /proc/PID/status} in KiB: {@code VmRSS}, or {@code VmHWM} for the most there ever was */
    public double mebibytes(String which) {
        return read(directory().resolve("status"))
                .lines()
                .filter(line -> line.startsWith(which + ":"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1_024)
                .findFirst()
                .orElseThrow();
    }

    /** Of the threads that it has. */
    double cpuMillis() {
        try (Stream<Path> threads = Files.list(directory().resolve("task"))) {
            return threads.mapToLong(Processes::nanos).sum() / 1e6;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nanos(Path thread) {
        String schedule = read(thread.resolve("schedstat"));
        return schedule.isEmpty() ? 0 : Long.parseLong(schedule.split(" ", 2)[0]);
    }

    private Path directory() {
        return Path.of("/proc/" + pid);
    }

    /** Nothing of a thread that has ended meanwhile. */
    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
