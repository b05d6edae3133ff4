package io.portolan.testbed;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A long-running program that can be killed, stopped, paused and started again with the same arguments. Its output, of all
 * its lives, goes to one log file. Safe to use from several threads.
 */
public final class Daemon implements AutoCloseable {
    /** What to start, and how to know that it is ready. Made by {@link Workspace#daemon}. */
    public static final class Plan {
        private final Workspace workspace;
        private final String name;
        private final List<String> arguments;
        private final Map<String, String> environment = new HashMap<>();
        private @Nullable Namespace namespace;
        private @Nullable Path log;
        private String awaited = "is started";
        private Predicate<Daemon> ready = daemon -> true;
        private Runnable afterStart = () -> {};
        private Duration patience = Duration.ofSeconds(60);
        private Duration grace = Duration.ofSeconds(10);
        private boolean workers;

        Plan(Workspace workspace, String name, List<String> arguments) {
            this.workspace = workspace;
            this.name = name;
            this.arguments = List.copyOf(arguments);
        }

        public Plan inside(Namespace where) {
            namespace = where;
            return this;
        }

        public Plan environment(String variable, String value) {
            environment.put(variable, value);
            return this;
        }

        /** Where its output goes; {@code <name>.log} in the workspace's directory unless said. */
        public Plan log(Path file) {
            log = file;
            return this;
        }

        /** The sign that it is ready, and its name for the message when the sign does not come. */
        public Plan readyWhen(String what, Predicate<Daemon> sign) {
            awaited = what;
            ready = sign;
            return this;
        }

        /** What to do after each start, once it is ready. */
        public Plan afterStart(Runnable action) {
            afterStart = action;
            return this;
        }

        public Plan readyWithin(Duration limit) {
            patience = limit;
            return this;
        }

        /** How long {@link #stop()} waits after SIGTERM before it kills; zero kills at once. */
        public Plan grace(Duration limit) {
            grace = limit;
            return this;
        }

        /** Its worker processes are killed and paused with it, as a container's are; otherwise only it itself is. */
        public Plan withWorkers() {
            workers = true;
            return this;
        }

        /** Starts it and waits until it is ready. The workspace owns it. */
        public Daemon start() {
            Daemon daemon = new Daemon(this);
            workspace.own(daemon);
            daemon.start();
            return daemon;
        }
    }

    private static final int TAIL_LINES = 25;
    private static final Duration DYING = Duration.ofSeconds(10);

    private final Plan plan;
    private final Path log;
    private @Nullable Process process;
    private boolean paused;

    private Daemon(Plan plan) {
        this.plan = plan;
        log = plan.log == null ? plan.workspace.directory().resolve(plan.name + ".log") : plan.log;
    }

    public String name() {
        return plan.name;
    }

    public Path log() {
        return log;
    }

    public synchronized boolean alive() {
        return process != null && process.isAlive();
    }

    /** The pid of the present or last life. */
    public synchronized long pid() {
        if (process == null) {
            throw new IllegalStateException(plan.name + " was never started");
        }
        return process.pid();
    }

    /** Starts it, if it does not run, and waits until it is ready; it can be killed meanwhile. */
    public void start() {
        Process started;
        synchronized (this) {
            if (alive()) {
                return;
            }
            started = launch();
            process = started;
            paused = false;
        }
        boolean ready = Waiting.until(plan.patience, () -> !started.isAlive() || plan.ready.test(this));
        if (!started.isAlive()) {
            throw new TestbedFailed("%s ended with status %d before it %s; the end of its log:%n%s"
                    .formatted(plan.name, started.exitValue(), plan.awaited, logTail()));
        }
        if (!ready) {
            started.destroyForcibly();
            throw new TestbedFailed("within %s it did not happen that %s %s; the end of its log:%n%s"
                    .formatted(plan.patience, plan.name, plan.awaited, logTail()));
        }
        plan.afterStart.run();
    }

    private Process launch() {
        List<String> arguments = new ArrayList<>();
        // A session of its own: Ctrl-C is for the owner, who closes in order. Each of these programs becomes the next
        // one
        // without a fork, so the pid is the daemon's.
        arguments.add(Programs.locate("setsid"));
        arguments.addAll(Command.resolved(plan.arguments, plan.namespace));
        ProcessBuilder builder = new ProcessBuilder(arguments)
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.directory(plan.workspace.directory().toFile());
        builder.environment().putAll(plan.environment);
        try {
            return plan.workspace.start(builder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + plan.name, e);
        }
    }

    /** SIGKILL, and waits until it is dead. */
    public synchronized void kill9() {
        if (process != null) {
            List<ProcessHandle> mourned = plan.workers ? process.descendants().toList() : List.of();
            process.destroyForcibly();
            mourned.forEach(ProcessHandle::destroyForcibly);
            awaitDeath(process);
            Waiting.until(DYING, () -> mourned.stream().noneMatch(ProcessHandle::isAlive));
        }
    }

    /** SIGTERM, then SIGKILL if it is not dead within the grace time. */
    public synchronized void stop() {
        if (process == null) {
            return;
        }
        if (!plan.grace.isZero() && alive()) {
            resume();
            process.destroy();
            Process stopping = process;
            if (Waiting.until(plan.grace, () -> !stopping.isAlive())) {
                return;
            }
        }
        kill9();
    }

    public void restart() {
        stop();
        start();
    }

    /** SIGSTOP: it holds its sockets and answers nothing. */
    public synchronized void pause() {
        signal("STOP");
        signalWorkers("STOP");
        paused = true;
    }

    /** SIGCONT after {@link #pause()}; nothing otherwise. */
    public synchronized void resume() {
        if (paused && alive()) {
            signalWorkers("CONT");
            signal("CONT");
        }
        paused = false;
    }

    /** SIGINT. */
    public synchronized void interrupt() {
        signal("INT");
    }

    private void signal(String signal) {
        if (!alive()) {
            throw new IllegalStateException(plan.name + " does not run");
        }
        Command.unmarked("kill", "-" + signal, Long.toString(pid())).output();
    }

    private void signalWorkers(String signal) {
        if (plan.workers && process != null) {
            process.descendants()
                    .forEach(worker -> Command.unmarked("kill", "-" + signal, Long.toString(worker.pid()))
                            .run());
        }
    }

    private void awaitDeath(Process dying) {
        try {
            if (!dying.waitFor(DYING.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new TestbedFailed("%s (pid %d) does not die".formatted(plan.name, dying.pid()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while " + plan.name + " was dying", e);
        }
    }

    /** The last lines of the log. */
    public String logTail() {
        try {
            List<String> lines =
                    Files.readString(log, StandardCharsets.ISO_8859_1).lines().toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (NoSuchFileException e) {
            return "(no log)";
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + log, e);
        }
    }

    /** {@link #stop()}. */
    @Override
    public void close() {
        stop();
    }

    @Override
    public String toString() {
        return plan.name;
    }
}
