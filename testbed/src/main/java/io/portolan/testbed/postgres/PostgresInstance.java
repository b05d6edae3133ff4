package io.portolan.testbed.postgres;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Listeners;
import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One server of a {@link PostgresPair}, in the foreground, with settings as production has them: what it acknowledged is on
 * its disk. Its postmaster and all of its backends die, stop and go on together, as those of a machine do.
 *
 * <p>Longer than most: a server's files, process and role in the pair change together.
 */
public final class PostgresInstance {
    private static final String SUPERUSER = "postgres";
    private static final String SIGNAL = "standby.signal";
    private static final Duration START_LIMIT = Duration.ofMinutes(1);

    /** What a copy takes from nowhere: the server makes it, or the other server's stream brings it. */
    private static final Set<String> NOT_COPIED = Set.of(
            "pg_wal", "pg_replslot", "pg_dynshmem", "pg_stat_tmp", "pg_notify", "postmaster.pid", "postmaster.opts");

    private final Workspace workspace;
    private final String name;
    private final Path data;
    private final int port = Listeners.freeLoopbackPort();
    private final Daemon.Plan plan;
    private Optional<Daemon> daemon = Optional.empty();
    private List<ProcessHandle> paused = List.of();

    /** @param programs the directory of the server's program */
    PostgresInstance(Workspace workspace, String name, Path programs, Path data) {
        this.workspace = workspace;
        this.name = name;
        this.data = data;
        // The server refuses to be root; in a user namespace that maps nobody it is nobody, with root's files.
        plan = workspace
                .daemon(
                        name,
                        "unshare",
                        "--user",
                        programs.resolve("postgres").toString(),
                        "-D",
                        data.toString(),
                        "-p",
                        Integer.toString(port),
                        "-clisten_addresses=127.0.0.1",
                        "-cunix_socket_directories=",
                        "-ccluster_name=" + name,
                        "-cmax_connections=200",
                        "-cfsync=on",
                        "-cfull_page_writes=on",
                        "-csynchronous_commit=on",
                        "-cwal_level=replica",
                        "-cwal_log_hints=on",
                        "-chot_standby=on",
                        "-cwal_keep_size=512MB",
                        "-cwal_receiver_timeout=5s",
                        "-cwal_sender_timeout=5s",
                        "-cdynamic_shared_memory_type=mmap")
                .readyWhen("answers", d -> answers())
                .readyWithin(START_LIMIT)
                .grace(Duration.ZERO);
    }

    public String name() {
        return name;
    }

    public int port() {
        return port;
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    /** As superuser, to this very server. */
    public Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://%s/%s?connectTimeout=5&socketTimeout=60".formatted(host(), database),
                SUPERUSER,
                SUPERUSER);
    }

    /** The first column of the first row; empty where there is none. */
    public Optional<String> ask(String sql) {
        try (Connection connection = connect(SUPERUSER);
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return Optional.empty();
            }
            try (ResultSet rows = statement.getResultSet()) {
                return rows.next() ? Optional.ofNullable(rows.getString(1)) : Optional.empty();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(name + " refused: " + e.getMessage(), e);
        }
    }

    private boolean answers() {
        try (Connection connection = connect(SUPERUSER)) {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    public boolean alive() {
        return daemon.filter(Daemon::alive).isPresent();
    }

    void start() {
        if (daemon.isEmpty()) {
            daemon = Optional.of(plan.start());
        } else {
            daemon.get().start();
        }
    }

    /** What its next start, or its next reload, finds as its role. */
    private void configure(String... lines) {
        try {
            Files.write(data.resolve("postgresql.auto.conf"), List.of(lines));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void configureAsPrimary() {
        configure("synchronous_standby_names = ''");
    }

    /** A server with this file follows and cannot take a write, whatever it was. */
    void configureAsStandbyOf(PostgresInstance primary) {
        configure(
                "primary_conninfo = 'host=127.0.0.1 port=%d user=%s application_name=%s'"
                        .formatted(primary.port(), SUPERUSER, name),
                "synchronous_standby_names = ''");
        try {
            Files.write(data.resolve(SIGNAL), List.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its commits are acknowledged when the other one has them on its disk; nobody, and they wait for nobody. */
    void waitFor(Optional<PostgresInstance> other) {
        ask("alter system set synchronous_standby_names = '%s'"
                .formatted(other.map(PostgresInstance::name).orElse("")));
        ask("select pg_reload_conf()");
    }

    /** Replaces this server's data by the other's, while that one works. */
    void copy(PostgresInstance source) {
        delete();
        try (Connection connection = source.connect(SUPERUSER);
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_backup_start('%s', true)".formatted(name));
            copyFiles(source.data);
            try (ResultSet label = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
                label.next();
                Files.writeString(data.resolve("backup_label"), label.getString(1));
            }
        } catch (SQLException e) {
            throw new TestbedFailed("%s cannot be copied: %s".formatted(source.name, e.getMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + source.data, e);
        }
    }

    private void copyFiles(Path from) throws IOException {
        Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (Stream<Path> all = Files.walk(from, 1)) {
            for (Path child : all.skip(1).toList()) {
                if (!NOT_COPIED.contains(child.getFileName().toString())) {
                    copyTree(child, data.resolve(child.getFileName()));
                } else if (Files.isDirectory(child)) {
                    Files.createDirectory(data.resolve(child.getFileName()));
                }
            }
        }
        Files.createDirectories(data.resolve("pg_wal/archive_status"));
        Files.createDirectories(data.resolve("pg_wal/summaries"));
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.createDirectory(to.resolve(from.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                try {
                    Files.copy(file, from.equals(file) ? to : to.resolve(from.relativize(file)));
                } catch (NoSuchFileException e) {
                    // Gone since the listing: the log brings whatever became of it.
                    return FileVisitResult.CONTINUE;
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
    }

    private void delete() {
        if (Files.exists(data)) {
            workspace.command("rm", "-rf", data.toString()).output();
        }
    }

    /** SIGKILL for all of its processes at once. */
    public void kill9() {
        if (alive()) {
            Optional<String> segment = sharedMemory();
            // First of all the one that makes new processes.
            signal("STOP", List.of(handle()));
            List<ProcessHandle> backends = handle().descendants().toList();
            daemon.orElseThrow().kill9();
            backends.forEach(ProcessHandle::destroyForcibly);
            backends.forEach(backend -> backend.onExit().join());
            // A server that is killed leaves a segment of System V's shared memory, which no directory holds.
            segment.ifPresent(id -> run("ipcrm", "-m", id));
            paused = List.of();
        }
    }

    /** SIGSTOP for all of its processes: it holds its connections and answers nothing. */
    public void pause() {
        signal("STOP", List.of(handle()));
        paused = Stream.concat(Stream.of(handle()), handle().descendants()).toList();
        signal("STOP", paused);
    }

    /** SIGCONT after {@link #pause()}. */
    public void resume() {
        signal("CONT", paused);
        paused = List.of();
    }

    private ProcessHandle handle() {
        return ProcessHandle.of(daemon.orElseThrow().pid()).orElseThrow();
    }

    private static void signal(String signal, List<ProcessHandle> processes) {
        for (ProcessHandle process : processes) {
            run("kill", "-" + signal, Long.toString(process.pid()));
        }
    }

    /** Not a command of the workspace: that starts nothing any more while it closes, which is when this is needed most. */
    private static void run(String... command) {
        try {
            new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted while running " + command[0], e);
        }
    }

    /** The id of the segment, from the seventh line of the server's own file. */
    private Optional<String> sharedMemory() {
        try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
            return lines.skip(6)
                    .findFirst()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(f -> f.length == 2)
                    .map(f -> f[1]);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
