package io.portolan.testbed;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A program that runs to its end: with a deadline, its output captured. Made by {@link Workspace#command}. */
public final class Command {
    /** How a command ended. */
    public record Result(List<String> arguments, int exitCode, String stdout, String stderr, Duration took) {
        public Result {
            arguments = List.copyOf(arguments);
        }

        public boolean succeeded() {
            return exitCode == 0;
        }
    }

    /** The command ended with another status than 0, or not in time. */
    public static final class Failed extends TestbedFailed {
        private final int exitCode;
        private final String stderr;

        private Failed(String message, int exitCode, String stderr) {
            super(message);
            this.exitCode = exitCode;
            this.stderr = stderr;
        }

        /** The exit status, or -1 when the command was killed at its deadline. */
        public int exitCode() {
            return exitCode;
        }

        public String stderr() {
            return stderr;
        }
    }

    /** Turns a prepared builder into a process. */
    interface Starter {
        Process start(ProcessBuilder builder) throws IOException;
    }

    /** What a descendant that keeps our pipe open may cost us after the command itself has ended. */
    private static final Duration OUTPUT_GRACE = Duration.ofSeconds(2);

    private final Starter starter;
    private final List<String> arguments;
    private final Map<String, String> environment = new HashMap<>();
    private @Nullable Namespace namespace;
    private String input = "";
    private Duration limit = Duration.ofSeconds(30);

    Command(Starter starter, List<String> arguments) {
        if (arguments.isEmpty()) {
            throw new IllegalArgumentException("a command needs a program");
        }
        this.starter = starter;
        this.arguments = List.copyOf(arguments);
    }

    /** A command of no workspace, for sweeping up. */
    static Command unmarked(String... arguments) {
        return new Command(ProcessBuilder::start, List.of(arguments));
    }

    public Command inside(Namespace where) {
        namespace = where;
        return this;
    }

    public Command environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    public Command input(String text) {
        input = text;
        return this;
    }

    public Command within(Duration time) {
        limit = time;
        return this;
    }

    /** Runs it and returns the standard output; any other end than success is {@link Failed}. */
    public String output() {
        Result result = run();
        if (!result.succeeded()) {
            throw new Failed(
                    "%s ended with status %d: %s"
                            .formatted(
                                    String.join(" ", arguments),
                                    result.exitCode(),
                                    result.stderr().strip()),
                    result.exitCode(),
                    result.stderr());
        }
        return result.stdout();
    }

    /** Runs it to its end, whatever that is; only a missed deadline is {@link Failed}. */
    public Result run() {
        long begin = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(resolved(arguments, namespace));
        builder.environment().putAll(environment);
        try {
            return finish(starter.start(builder), begin);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + arguments, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while running " + arguments, e);
        }
    }

    /** The argument list with programs located, wrapped so that it runs in the namespace. */
    static List<String> resolved(List<String> arguments, @Nullable Namespace namespace) {
        List<String> all = new ArrayList<>();
        if (namespace != null) {
            all.addAll(List.of(Programs.locate("ip"), "netns", "exec", namespace.name()));
        }
        all.add(Programs.locate(arguments.getFirst()));
        all.addAll(arguments.subList(1, arguments.size()));
        return all;
    }

    private Result finish(Process process, long begin) throws IOException, InterruptedException {
        FutureTask<String> stdout = reading(process.getInputStream());
        FutureTask<String> stderr = reading(process.getErrorStream());
        try {
            give(process);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new Failed(
                        "%s did not end within %s; it was killed".formatted(String.join(" ", arguments), limit),
                        -1,
                        text(stderr));
            }
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            return new Result(arguments, process.exitValue(), text(stdout), text(stderr), took);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private void give(Process process) {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It ended, or closed its input, without reading all: its status and its stderr tell more than EPIPE does.
        }
    }

    private static FutureTask<String> reading(InputStream stream) {
        FutureTask<String> task = new FutureTask<>(() -> new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        Thread.ofVirtual().start(task);
        return task;
    }

    private static String text(FutureTask<String> reader) throws InterruptedException {
        try {
            return reader.get(OUTPUT_GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new TestbedFailed("a descendant of the command keeps its output open", e);
        } catch (ExecutionException e) {
            throw new TestbedFailed("cannot read a command's output", e);
        }
    }
}
