package io.portolan.agent.cache;

import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.ovsdb.UnixctlClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache's database file, and that the node's server serves it. A server that restarts forgets what was added to it, so
 * this is asked again and again; its other databases are never touched.
 */
final class ServedFile {
    static final String DATABASE = "Portolan_Node";

    private static final Logger LOG = LoggerFactory.getLogger(ServedFile.class);
    private static final String SCHEMA = "portolan-node.ovsschema";
    private static final Pattern VERSION = Pattern.compile("\"version\":\\s*\"(\\d+)\\.(\\d+)\\.(\\d+)\"");
    private static final Duration CONTROL_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration TOOL_TIMEOUT = Duration.ofSeconds(30);

    private final CacheSettings settings;
    private final String schema;

    ServedFile(CacheSettings settings) {
        this.settings = settings;
        try (InputStream resource = ServedFile.class.getResourceAsStream(SCHEMA)) {
            schema = new String(Objects.requireNonNull(resource).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the agent's own schema cannot be read", e);
        }
    }

    /** Makes the file if there is none, and has the server serve it if it does not. */
    void ensure() throws IOException {
        UnixctlClient control = new UnixctlClient(control(), CONTROL_TIMEOUT);
        if (lists(control)) {
            return;
        }
        if (!Files.exists(settings.file())) {
            create();
        }
        try {
            control.run("ovsdb-server/add-db", settings.file().toString());
            LOG.info("the node's database server now serves {}", settings.file());
        } catch (UnixctlClient.CommandRefused e) {
            if (!lists(control)) {
                throw e;
            }
        }
    }

    private static boolean lists(UnixctlClient control) throws IOException {
        try {
            return control.run("ovsdb-server/list-dbs").lines().anyMatch(DATABASE::equals);
        } catch (UnixctlClient.CommandRefused e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    "the node's ovsdb-server does not answer at %s: %s".formatted(control.socket(), e.getMessage()), e);
        }
    }

    /** Never half there: made under another name and linked, so that of two makers one wins. */
    private void create() throws IOException {
        Path directory = Objects.requireNonNull(settings.file().getParent());
        Files.createDirectories(directory);
        Path draft = Files.createTempDirectory(directory, ".portolan-node");
        Path made = draft.resolve("new.db");
        Path definition = draft.resolve(SCHEMA);
        try {
            Files.writeString(definition, schema);
            run("ovsdb-tool", "create", made.toString(), definition.toString());
            Files.createLink(settings.file(), made);
            LOG.info("made the port cache {}", settings.file());
        } catch (FileAlreadyExistsException e) {
            LOG.info("the port cache {} was made by somebody else meanwhile", settings.file());
        } finally {
            remove(draft);
        }
    }

    /**
     * Whether this agent cannot work on it. Of a later schema with our first number it can: that one only has columns more
     * which may be left empty, and stays as it is.
     */
    boolean isBeyondOurs(String version) {
        return parts(version)[0] > parts(ours())[0];
    }

    boolean isBeforeOurs(String version) {
        return Arrays.compare(parts(version), parts(ours())) < 0;
    }

    String ours() {
        Matcher matcher = VERSION.matcher(schema);
        if (!matcher.find()) {
            throw new IllegalStateException("the agent's own schema has no version");
        }
        return matcher.group(1) + "." + matcher.group(2) + "." + matcher.group(3);
    }

    private static int[] parts(String version) {
        return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    }

    /** Brings a served database of an older version to ours, live and in one step. */
    void convert() throws IOException {
        Path definition = Files.createTempFile("portolan-node", ".ovsschema");
        try {
            Files.writeString(definition, schema);
            run("ovsdb-client", "convert", settings.server().toString(), definition.toString());
            LOG.info("the port cache's schema is now {}", ours());
        } finally {
            Files.deleteIfExists(definition);
        }
    }

    /** A server names its control socket after its process unless told otherwise; the process it names in its pid file. */
    private Path control() throws IOException {
        if (settings.control().isPresent()) {
            return settings.control().get();
        }
        if (!(settings.server() instanceof OvsdbEndpoint.Unix unix)) {
            throw new IOException("the control socket of the server at " + settings.server() + " is not known");
        }
        Path directory = Objects.requireNonNull(unix.path().getParent());
        try {
            String pid = Files.readString(directory.resolve("ovsdb-server.pid")).strip();
            return directory.resolve("ovsdb-server." + pid + ".ctl");
        } catch (NoSuchFileException e) {
            throw new IOException("no ovsdb-server runs here: " + e.getMessage() + " is not there", e);
        }
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(TOOL_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException(command[0] + " did not end within " + TOOL_TIMEOUT);
            }
            if (process.exitValue() != 0) {
                String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                throw new IOException(String.join(" ", List.of(command)) + " failed: " + said.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + command[0] + " ran", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void remove(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
