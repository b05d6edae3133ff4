package io.portolan.ovsdb;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/** The database that the tests play with, on real servers. */
final class Harbour {

    static final String DATABASE = "Harbour";
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private Harbour() {}

    static Path schema(Workspace workspace) {
        Path schema = workspace.directory().resolve("harbour.ovsschema");
        try (InputStream resource = Harbour.class.getResourceAsStream("harbour.ovsschema")) {
            if (!Files.exists(schema)) {
                Files.copy(Objects.requireNonNull(resource), schema);
            }
            return schema;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static OvsdbServer.Plan server(Workspace workspace) {
        return OvsdbServer.in(workspace, "harbour").database(schema(workspace));
    }

    /** Quick to notice and to return, patient with a slow machine. */
    static OvsdbOptions options(String endpoints) {
        return OvsdbOptions.of(endpoints, DATABASE)
                .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(10))
                .withBackoff(Duration.ofMillis(20), Duration.ofMillis(500));
    }

    static OvsdbClient connect(OvsdbServer server) {
        return connect(options(server.unixRemote()));
    }

    static OvsdbClient connect(OvsdbOptions options) {
        OvsdbClient client = OvsdbClient.open(options);
        client.awaitConnected(PATIENCE);
        return client;
    }

    static Row ship(String name) {
        return Row.empty().with("name", name);
    }
}
