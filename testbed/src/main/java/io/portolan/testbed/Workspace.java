package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One testbed: its directory, its name, and all that was made for it. The package's description says how it keeps its
 * promise to leave nothing behind. Safe to use from several threads.
 */
public final class Workspace implements AutoCloseable {
    public static final Path DEFAULT_ROOT = Path.of("/run/portolan-testbed");

    private static final Logger LOG = LoggerFactory.getLogger(Workspace.class);

    /** A unix socket's path holds at most 107 characters; the longest name that we put below the directory has 45. */
    private static final int LONGEST_DIRECTORY = 60;

    private final Path directory;
    private final Journal journal;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    private final Object closeOnce = new Object();

    /** Starting a process takes the read lock, beginning to close the write lock: nothing starts behind the sweep's back. */
    private final ReadWriteLock opening = new ReentrantReadWriteLock();

    private final Thread shutdownHook;
    private boolean closing;

    private Workspace(Path directory) {
        this.directory = directory;
        journal = Journal.begin(directory);
        shutdownHook = new Thread(this::close, "testbed-" + instance());
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    public static Workspace create() {
        return create(DEFAULT_ROOT);
    }

    /** A new workspace in a new directory under this one, which is first cleared of what dead owners left there. */
    public static Workspace create(Path root) {
        sweepAll(root);
        try {
            Files.createDirectories(root);
            Path canonical = root.toRealPath();
            for (int attempt = 0; attempt < 100; attempt++) {
                String instance = randomName();
                Path directory = canonical.resolve(instance);
                if (directory.toString().length() > LONGEST_DIRECTORY) {
                    throw new IllegalArgumentException(
                            "unix sockets have short paths: %s is too long for a testbed's directory"
                                    .formatted(directory));
                }
                try {
                    Files.createDirectory(directory);
                    return new Workspace(directory);
                } catch (FileAlreadyExistsException e) {
                    LOG.debug("{} is taken", directory);
                }
            }
            throw new TestbedFailed("no free name under " + root);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a directory under " + root, e);
        }
    }

    private static String randomName() {
        String tail = Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36 * 36), 36);
        return "p" + "0".repeat(5 - tail.length()) + tail;
    }

    /** A random name of six characters, no other testbed's: the prefix of everything that is named machine-wide. */
    public String instance() {
        return directory.getFileName().toString();
    }

    public Path directory() {
        return directory;
    }

    /** A directory below {@link #directory()}, made if it is not there. */
    public Path directory(String name) {
        try {
            return Files.createDirectories(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The environment by which the sweep knows this testbed's processes. {@link #command} and {@link #daemon} see to it;
     * give it to a process that is started in another way.
     */
    public Map<String, String> mark() {
        return Map.of(Leftovers.MARK, directory.toString());
    }

    public Command command(String... arguments) {
        return new Command(this::start, List.of(arguments));
    }

    public Daemon.Plan daemon(String name, String... arguments) {
        return new Daemon.Plan(this, name, List.of(arguments));
    }

    /** Closes this when the workspace closes, before all that was owned earlier. */
    public <T extends AutoCloseable> T own(T resource) {
        synchronized (owned) {
            owned.push(resource);
        }
        return resource;
    }

    Journal journal() {
        return journal;
    }

    Process start(ProcessBuilder builder) throws IOException {
        opening.readLock().lock();
        try {
            if (closing) {
                throw new TestbedFailed("the testbed %s is closed".formatted(instance()));
            }
            builder.environment().putAll(mark());
            return builder.start();
        } finally {
            opening.readLock().unlock();
        }
    }

    /**
     * Closes what is owned, newest first, then sweeps whatever is left, so that a part that fails to close is removed all
     * the same. Idempotent; a second caller returns when the first has finished.
     */
    @Override
    public void close() {
        synchronized (closeOnce) {
            if (!beginClosing()) {
                return;
            }
            try {
                takeOwned().forEach(this::closeQuietly);
                Leftovers.sweep(directory);
            } finally {
                forgetShutdownHook();
            }
        }
    }

    /**
     * From here on no process starts; returns false if that was so already. The lock is not held while the parts close: a
     * thread that is starting a daemon waits for it while holding that daemon.
     */
    private boolean beginClosing() {
        opening.writeLock().lock();
        try {
            boolean first = !closing;
            closing = true;
            return first;
        } finally {
            opening.writeLock().unlock();
        }
    }

    private List<AutoCloseable> takeOwned() {
        synchronized (owned) {
            List<AutoCloseable> newestFirst = new ArrayList<>(owned);
            owned.clear();
            return newestFirst;
        }
    }

    private void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            LOG.warn("{}: {} did not close in order, it will be swept", instance(), resource, e);
        }
    }

    private void forgetShutdownHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException e) {
            LOG.debug("closed by the shutdown itself");
        }
    }

    /** The directories of the testbeds under this root, whether their owners live or not. */
    public static List<Path> under(Path root) {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(root)) {
            try (DirectoryStream<Path> directories = Files.newDirectoryStream(root.toRealPath(), Files::isDirectory)) {
                directories.forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot list " + root, e);
            }
        }
        return found;
    }

    /** Whether the process that made this testbed is still there. */
    public static boolean ownerLives(Path directory) {
        return Journal.of(directory)
                .flatMap(Journal::owner)
                .filter(Owner::alive)
                .isPresent();
    }

    /** Removes what is left of one testbed, without asking whether its owner lives. */
    public static void sweep(Path directory) {
        if (Files.isDirectory(directory)) {
            try {
                Leftovers.sweep(directory.toRealPath());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Removes what testbeds under this root left behind whose owners are dead; returns their directories. Waits for
     * another process that sweeps here just now. A leftover that resists is logged and delays no other.
     */
    public static List<Path> sweepAll(Path root) {
        return DeadOwners.sweep(root);
    }

    /**
     * Takes a testbed down from outside: asks its owner to end, kills the owner if it has not within the grace time, and
     * sweeps what is left.
     */
    public static void takeDown(Path directory, Duration grace) {
        Optional<Owner> owner = Journal.of(directory).flatMap(Journal::owner).filter(Owner::alive);
        owner.flatMap(living -> ProcessHandle.of(living.pid())).ifPresent(process -> {
            process.destroy();
            if (!Waiting.until(grace, () -> !owner.get().alive())) {
                process.destroyForcibly();
                Waiting.until(Duration.ofSeconds(10), () -> !owner.get().alive());
            }
        });
        sweep(directory);
    }

    @Override
    public String toString() {
        return "testbed " + directory;
    }
}
