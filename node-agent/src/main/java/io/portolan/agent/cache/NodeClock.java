package io.portolan.agent.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** The machine's two clocks: the one for people, and the one that nobody sets. */
public interface NodeClock {
    /** How long the machine has been up in this boot. */
    record Uptime(String boot, Duration length) {
        /** How much later this is; zero when the two cannot be compared. */
        Duration since(Uptime earlier) {
            return boot.equals(earlier.boot) && length.compareTo(earlier.length) > 0
                    ? length.minus(earlier.length)
                    : Duration.ZERO;
        }
    }

    Instant now();

    Uptime uptime();

    static NodeClock system() {
        String boot = read("/proc/sys/kernel/random/boot_id");
        return new NodeClock() {
            @Override
            public Instant now() {
                return Instant.now();
            }

            @Override
            public Uptime uptime() {
                String seconds = read("/proc/uptime").split(" ")[0];
                return new Uptime(boot, Duration.parse("PT" + seconds + "S"));
            }
        };
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
