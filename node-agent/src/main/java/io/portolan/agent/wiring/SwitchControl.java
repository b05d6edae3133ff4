package io.portolan.agent.wiring;

import io.portolan.ovsdb.UnixctlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Commands to {@code ovs-vswitchd}, whose socket has another name after each of its starts. */
record SwitchControl(Path place) {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    String run(String command, String... arguments) throws IOException {
        return new UnixctlClient(socket(), TIMEOUT).run(command, arguments);
    }

    private Path socket() throws IOException {
        if (!Files.isDirectory(place)) {
            return place;
        }
        String pid = Files.readString(place.resolve("ovs-vswitchd.pid")).strip();
        return place.resolve("ovs-vswitchd." + pid + ".ctl");
    }

    @Override
    public String toString() {
        return place.toString();
    }
}
