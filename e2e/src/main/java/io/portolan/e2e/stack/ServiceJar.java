package io.portolan.e2e.stack;

import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A service's executable jar, unpacked once a build: an unpacked one starts a fifth faster than the jar itself, and
 * in a third of the time with the cache that {@link Training} leaves beside it.
 */
record ServiceJar(String module, Path application, Path cache) {
    static final List<String> MODULES =
            List.of("ipam-service", "topology-service", "lb-sync-service", "security-service", "node-agent");

    private static final List<String> SMALL = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-XX:MaxMetaspaceSize=192m");

    /** Unpacks the jar of a module beside itself, unless this build's is there already. */
    static ServiceJar of(Workspace workspace, Path modules, String module) {
        Path target = modules.resolve(module).resolve("target");
        return alone(target.resolve("unpacking.lock"), () -> unpack(workspace, target, module));
    }

    /** Works while no other thread and no other process works under this lock. */
    static synchronized <T> T alone(Path lock, Supplier<T> work) {
        try (FileChannel turn = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            turn.lock();
            return work.get();
        } catch (IOException e) {
            throw new UncheckedIOException("turns are taken by " + lock, e);
        }
    }

    private static ServiceJar unpack(Workspace workspace, Path target, String module) {
        Path jar = executable(target);
        try {
            String build = Long.toHexString(Files.getLastModifiedTime(jar).toMillis());
            Path unpacked = target.resolve("unpacked-" + build);
            Path application = unpacked.resolve("app.jar");
            if (!Files.exists(application)) {
                workspace
                        .command(
                                java(),
                                "-Djarmode=tools",
                                "-jar",
                                jar.toString(),
                                "extract",
                                "--force",
                                "--application-filename",
                                "app.jar",
                                "--destination",
                                unpacked.toString())
                        .output();
            }
            return new ServiceJar(module, application, unpacked.resolve("app.aot"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path executable(Path target) {
        if (Files.isDirectory(target)) {
            try (DirectoryStream<Path> jars = Files.newDirectoryStream(target, "*-exec.jar")) {
                for (Path jar : jars) {
                    return jar;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("there is no executable jar in " + target + ": run ./portolan build");
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The command line that runs it with a heap of at most so many MiB; it holds no secret. */
    String[] command(int heapMiB, String... more) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(SMALL);
        command.add("-Xmx" + heapMiB + "m");
        if (Files.exists(cache)) {
            command.add("-XX:AOTCache=" + cache);
        }
        command.addAll(List.of(more));
        command.add("-jar");
        command.add(application.toString());
        return command.toArray(String[]::new);
    }
}
