package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Removes what a workspace made: processes first, then namespaces, links, mounts, the directory last. Idempotent. */
final class Leftovers {
    /** The environment variable by which a process says whose it is. */
    static final String MARK = "PORTOLAN_TESTBED";

    private static final Duration DYING = Duration.ofSeconds(10);

    private Leftovers() {}

    static void sweep(Path directory) {
        killMarked(directory);
        Journal.of(directory).ifPresent(journal -> {
            journal.entries("netns").forEach(entry -> removeNamespace(entry.name()));
            journal.entries("link").forEach(entry -> removeLink(entry.name(), entry.detail()));
        });
        SmallDisk.unmountBelow(directory);
        deleteTree(directory);
    }

    static void killMarked(Path directory) {
        // Between two looks a process may start another: so look again until there is none.
        if (!Waiting.until(DYING, () -> {
            List<ProcessHandle> marked = marked(directory);
            marked.forEach(ProcessHandle::destroyForcibly);
            return marked.isEmpty();
        })) {
            throw new TestbedFailed("processes of %s do not die: %s"
                    .formatted(
                            directory,
                            marked(directory).stream().map(ProcessHandle::pid).toList()));
        }
    }

    /**
     * The processes, other than this one, that bear the mark of the workspace in this directory, and a PostgreSQL
     * whose data is below it: that is started by a library that marks nothing.
     */
    static List<ProcessHandle> marked(Path directory) {
        String wanted = "\0" + MARK + "=" + directory + "\0";
        String postgres = "/postgres\0-D\0" + directory + "/";
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                // The handle is taken before the look at the environment: if the pid is recycled in between, the
                // handle is stale and kills nothing.
                Optional<ProcessHandle> handle = ProcessHandle.of(pid);
                if (handle.isPresent()
                        && pid != ProcessHandle.current().pid()
                        && (text(process.resolve("environ")).contains(wanted)
                                || text(process.resolve("cmdline")).contains(postgres))) {
                    found.add(handle.get());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list processes", e);
        }
        return found;
    }

    private static String text(Path nulTerminated) {
        try {
            return "\0" + new String(Files.readAllBytes(nulTerminated), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    static void removeNamespace(String name) {
        if (!Files.exists(Path.of("/run/netns", name))) {
            return;
        }
        Command.Result pids = Command.unmarked("ip", "netns", "pids", name).run();
        pids.stdout()
                .lines()
                .flatMap(line -> ProcessHandle.of(Long.parseLong(line.strip())).stream())
                .filter(process -> !process.equals(ProcessHandle.current()))
                .forEach(ProcessHandle::destroyForcibly);
        Command.Result deleted = Command.unmarked("ip", "netns", "del", name).run();
        if (!deleted.succeeded() && Files.exists(Path.of("/run/netns", name))) {
            throw new TestbedFailed("cannot delete namespace %s: %s"
                    .formatted(name, deleted.stderr().strip()));
        }
    }

    /** Removes a link of the root namespace if it is still the one with this hardware address. */
    static void removeLink(String name, String hardwareAddress) {
        Path address = Path.of("/sys/class/net", name, "address");
        try {
            if (Files.readString(address).strip().equals(hardwareAddress)) {
                Command.unmarked("ip", "link", "del", name).run();
            }
        } catch (IOException e) {
            // It is gone: it was never made, or it went with the namespace of its peer.
            return;
        }
        if (!Waiting.until(DYING, () -> !Files.exists(address))) {
            throw new TestbedFailed("cannot delete link " + name);
        }
    }

    static void deleteTree(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException problem) throws IOException {
                    if (problem instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw problem;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException problem)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + directory, e);
        }
    }
}
