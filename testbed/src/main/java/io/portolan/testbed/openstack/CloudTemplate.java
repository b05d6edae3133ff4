package io.portolan.testbed.openstack;

import io.portolan.testbed.Parallel;
import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The databases and keys of a cloud that nobody has used yet, kept on this machine so that only the first start migrates
 * three schemas.
 *
 * <p>A template is a directory whose name says what it was made from: {@link Recipe#templateName}. It is filled under
 * another name and renamed when it is whole, so one that is there is right, whoever was killed meanwhile. A lock on a file
 * beside it, which dies with its holder, lets the others wait for the first instead of doing the same. A template is
 * never written to again: each start copies it.
 */
final class CloudTemplate {
    private static final Logger LOG = LoggerFactory.getLogger(CloudTemplate.class);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Threads of one JVM do not exclude each other by a file's lock. */
    private static final Object ONE_AT_A_TIME = new Object();

    private final Workspace workspace;
    private final Path cache;
    private final String name;

    CloudTemplate(Workspace workspace, Path cache) {
        this.workspace = workspace;
        this.cache = cache;
        name = Recipe.templateName(workspace, CloudDatabase.SETTINGS);
    }

    /** Below the user's cache directory. */
    static Path defaultCache() {
        String home = Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .filter(value -> !value.isEmpty())
                .orElse(System.getProperty("user.home") + "/.cache");
        return Path.of(home, "portolan-testbed", "openstack");
    }

    /** Puts a copy into the directory, which must be there and empty; makes the template first if there is none. */
    void copyTo(Path directory) {
        Path template = cache.resolve(name);
        if (!Files.isDirectory(template)) {
            makeAlone(template);
        }
        copy(template, directory);
    }

    private void makeAlone(Path template) {
        synchronized (ONE_AT_A_TIME) {
            try {
                Files.createDirectories(cache);
                try (FileChannel channel = FileChannel.open(
                                cache.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
                    LOG.debug("holding {}", lock);
                    if (!Files.isDirectory(template)) {
                        make(template);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make the template of a cloud in " + cache, e);
            }
        }
    }

    private void make(Path template) throws IOException {
        removeHalfMade();
        long begin = System.nanoTime();
        Path scratch = workspace.directory("template");
        fill(scratch);
        Path whole = cache.resolve(name + "." + workspace.instance());
        Files.createDirectory(whole);
        copy(scratch, whole);
        Files.move(whole, template, StandardCopyOption.ATOMIC_MOVE);
        LOG.info("made a template of a cloud in {} ms: {}", (System.nanoTime() - begin) / 1_000_000, template);
    }

    /** What a holder of the lock was copying when it was killed. */
    private void removeHalfMade() throws IOException {
        try (DirectoryStream<Path> halves = Files.newDirectoryStream(cache, name + ".*")) {
            for (Path half : halves) {
                if (Files.isDirectory(half)) {
                    workspace.command("rm", "-r", half.toString()).output();
                }
            }
        }
    }

    private void copy(Path from, Path to) {
        workspace
                .command(
                        "cp",
                        "--archive",
                        "--reflink=auto",
                        from.resolve("keystone").toString(),
                        to.toString())
                .output();
        workspace
                .command(
                        "cp",
                        "--archive",
                        "--reflink=auto",
                        from.resolve("mariadb").toString(),
                        to.toString())
                .output();
        try {
            Files.copy(from.resolve("secret"), to.resolve("secret"), StandardCopyOption.COPY_ATTRIBUTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes, below this directory, the files of MariaDB and Keystone's keys, and forgets the rest. */
    private void fill(Path directory) throws IOException {
        Path mariadb = directory.resolve("mariadb");
        Files.createDirectories(mariadb);
        Files.createDirectories(directory.resolve("keystone"));
        String secret = UUID.randomUUID().toString();
        Files.writeString(directory.resolve("secret"), secret);
        CloudDatabase.install(workspace, mariadb.resolve("data"));
        CloudDatabase database = CloudDatabase.start(workspace, mariadb);
        for (String schema : List.of("keystone", "neutron", "octavia", "octavia_persistence")) {
            database.sql("create database %s character set utf8mb3;".formatted(schema));
        }
        Recipe recipe = new Recipe(directory)
                .fill("token_seconds", 3600)
                .fill("neutron_port", 1)
                .fill("octavia_port", 1)
                .fill("keystone_url", "http://keystone.invalid/v3")
                .fill("northbound", "unix:/nowhere")
                .fill("southbound", "unix:/nowhere")
                .fill("secret", secret);
        for (String schema : List.of("keystone", "neutron", "octavia", "octavia_persistence")) {
            recipe.fill(schema + "_database", CloudDatabase.url(mariadb, schema));
        }
        Path neutron = recipe.write("neutron.conf", "neutron/neutron.conf");
        Path octavia = recipe.write("octavia.conf", "octavia/octavia.conf");
        Path keystone = recipe.write("keystone.conf", "keystone/keystone.conf");
        Path prepare = recipe.write("prepare_keystone.py", "prepare_keystone.py");
        Parallel.all(List.<Callable<String>>of(
                () -> python("", "/usr/bin/neutron-db-manage", "--config-file", neutron.toString(), "upgrade", "head"),
                () -> python("", "/usr/bin/octavia-db-manage", "--config-file", octavia.toString(), "upgrade", "head"),
                () -> python(secret, prepare.toString(), keystone.toString())));
        database.shutDown();
        Files.delete(keystone);
        Files.deleteIfExists(mariadb.resolve("mariadb.log"));
        if (Files.exists(mariadb.resolve("db.sock"))) {
            throw new TestbedFailed("MariaDB has not ended in order: its socket is still there");
        }
    }

    private String python(String input, String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "/usr/bin/python3";
        all[1] = "-I";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return workspace.command(all).input(input).within(PATIENCE).output();
    }
}
