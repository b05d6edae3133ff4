package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file system of its own, in memory and small, that can be full. */
public final class SmallDisk implements AutoCloseable {
    private final Path directory;
    private final Path ballast;
    private final int mebibytes;

    private SmallDisk(Path directory, int mebibytes) {
        this.directory = directory;
        this.mebibytes = mebibytes;
        ballast = directory.resolve("ballast");
    }

    /** Mounted on a directory, which is made. The workspace owns it. */
    public static SmallDisk mount(Workspace workspace, Path directory, int mebibytes) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        workspace
                .command(
                        "mount", "-t", "tmpfs", "-o", "mode=700,size=" + mebibytes + "m", "tmpfs", directory.toString())
                .output();
        return workspace.own(new SmallDisk(directory, mebibytes));
    }

    public Path directory() {
        return directory;
    }

    /** Until {@link #relieve()} no more byte can be written. */
    public void fill() {
        Command.unmarked(
                        "dd", "if=/dev/zero", "of=" + ballast, "bs=64k", "count=" + (mebibytes * 16 + 1), "status=none")
                .run();
    }

    public void relieve() {
        try {
            Files.deleteIfExists(ballast);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        unmountBelow(directory);
    }

    /** Every file system that is mounted on a directory or below it. */
    static void unmountBelow(Path directory) {
        List<String> mounts;
        try {
            mounts = Files.readAllLines(Path.of("/proc/self/mounts"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (String mount : mounts) {
            Path at = Path.of(mount.split(" ", 3)[1]);
            if (at.startsWith(directory)) {
                Command.unmarked("umount", "-l", at.toString()).run();
            }
        }
    }
}
