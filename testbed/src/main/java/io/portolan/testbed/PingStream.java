package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;

/** A ping that goes on while something else happens. */
public final class PingStream implements AutoCloseable {
    private final Daemon ping;

    PingStream(Daemon ping) {
        this.ping = ping;
    }

    /** How many were answered so far. */
    public long received() {
        try (var lines = Files.lines(ping.log())) {
            return lines.filter(line -> line.contains(" bytes from ")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it and counts. The last one may be on its way, and count as lost. */
    public Ping stop() {
        ping.interrupt();
        if (!Waiting.until(Duration.ofSeconds(10), () -> !ping.alive())) {
            throw new TestbedFailed("ping does not end");
        }
        try {
            return Ping.parse(Files.readString(ping.log()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        ping.close();
    }
}
