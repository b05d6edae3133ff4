package io.portolan.agent.cni;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DELs that could not be done when they came, one durable file each; the plugin writes them while there is no agent, the agent
 * when its database is away. See {@code cni/PROTOCOL.md}.
 */
final class DelQueue {
    private static final Logger LOG = LoggerFactory.getLogger(DelQueue.class);
    private static final String SUFFIX = ".del";

    private final Path directory;

    DelQueue(Path directory) {
        this.directory = directory;
    }

    /** A file and what is in it; a frame is absent when it cannot be read as one. */
    record Entry(Path file, Optional<Frame> frame) {}

    /** Oldest first. */
    List<Entry> entries() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> listing = Files.newDirectoryStream(directory, "[!.]*" + SUFFIX)) {
            listing.forEach(files::add);
        }
        List<Entry> entries = new ArrayList<>();
        for (Path file : files) {
            read(file).ifPresent(entries::add);
        }
        return entries;
    }

    /** The queued DEL of one interface of one container. */
    Optional<Entry> entry(String containerId, String interfaceName) throws IOException {
        return read(file(containerId, interfaceName));
    }

    private static Optional<Entry> read(Path file) throws IOException {
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || Files.size(file) > 2L * (Frame.LARGEST_ENVIRONMENT + Frame.LARGEST_INPUT)) {
                return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                        ? Optional.of(new Entry(file, Optional.empty()))
                        : Optional.empty();
            }
            byte[] bytes = Files.readAllBytes(file);
            return Optional.of(new Entry(file, parse(file, bytes)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static Optional<Frame> parse(Path file, byte[] bytes) {
        try {
            return Optional.of(Frame.read(new ByteArrayInputStream(bytes)));
        } catch (IOException | CniRefused e) {
            LOG.warn("{} is no queued DEL: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    /** Removes a file whose DEL is durably done. */
    void done(Entry entry) throws IOException {
        Files.deleteIfExists(entry.file());
        syncDirectory();
    }

    /** Puts a file that nobody can read out of the way, for a human. */
    void setAside(Entry entry) throws IOException {
        Files.move(
                entry.file(),
                entry.file().resolveSibling("." + entry.file().getFileName() + ".unreadable"),
                StandardCopyOption.REPLACE_EXISTING);
        syncDirectory();
    }

    /** Returns when it is on the disk. */
    void add(String containerId, String interfaceName, Frame frame) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path file = file(containerId, interfaceName);
        Path unfinished = directory.resolve(
                "." + file.getFileName() + ".agent-" + Thread.currentThread().threadId());
        try (FileChannel out = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-------"));
            ByteBuffer bytes = ByteBuffer.wrap(frame.bytes());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        try {
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the queue's file system cannot rename", e);
        }
        syncDirectory();
    }

    private Path file(String containerId, String interfaceName) {
        return directory.resolve(containerId + ":" + interfaceName + SUFFIX);
    }

    private void syncDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
