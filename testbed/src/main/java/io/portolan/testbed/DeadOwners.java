package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sweeps the testbeds whose owners are dead, one process and one thread at a time. */
final class DeadOwners {
    private static final Logger LOG = LoggerFactory.getLogger(DeadOwners.class);

    /** A file lock excludes other processes, not other threads of this one. */
    private static final Object SWEEPING = new Object();

    private static final Duration NEWBORN = Duration.ofMinutes(1);

    private DeadOwners() {}

    static List<Path> sweep(Path root) {
        if (leftovers(root).isEmpty()) {
            return List.of();
        }
        synchronized (SWEEPING) {
            try (FileChannel channel =
                    FileChannel.open(root.resolve(".sweeping"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock();
                return leftovers(root).stream().filter(DeadOwners::swept).toList();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot lock " + root, e);
            }
        }
    }

    private static List<Path> leftovers(Path root) {
        return Workspace.under(root).stream().filter(DeadOwners::isLeftover).toList();
    }

    private static boolean swept(Path directory) {
        LOG.info("sweeping {}, whose owner is dead", directory);
        try {
            Workspace.sweep(directory);
            return true;
        } catch (TestbedFailed | UncheckedIOException e) {
            LOG.warn("cannot sweep {}", directory, e);
            return false;
        }
    }

    private static boolean isLeftover(Path directory) {
        if (Journal.of(directory).flatMap(Journal::owner).isPresent()) {
            return !Workspace.ownerLives(directory);
        }
        // No owner yet: either it is being made just now, or its owner died in the act and had made nothing else.
        return directory.getFileName().toString().matches("p[0-9a-z]{5}") && isOld(directory);
    }

    private static boolean isOld(Path directory) {
        try {
            return Files.getLastModifiedTime(directory)
                    .toInstant()
                    .isBefore(Instant.now().minus(NEWBORN));
        } catch (IOException e) {
            return false;
        }
    }
}
