package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/** A secret in a directory as kubelet mounts it: a link for each file, by way of one link that a new version replaces. */
public final class MountedSecret {
    private final Path directory;
    private int version;

    /** @param directory is there, and empty */
    public MountedSecret(Path directory, Map<String, String> files) {
        this.directory = directory;
        replace(files);
        try {
            for (String name : files.keySet()) {
                Files.createSymbolicLink(directory.resolve(name), Path.of("..data", name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path directory() {
        return directory;
    }

    /** All files at once. */
    public void replace(Map<String, String> files) {
        Path before = directory.resolve("..version-" + version++);
        Path now = directory.resolve("..version-" + version);
        Path link = directory.resolve("..data_tmp");
        try {
            Files.createDirectory(now);
            for (Map.Entry<String, String> file : files.entrySet()) {
                Files.writeString(now.resolve(file.getKey()), file.getValue());
            }
            Files.createSymbolicLink(link, now.getFileName());
            Files.move(link, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
            if (Files.exists(before)) {
                for (String name : files.keySet()) {
                    Files.delete(before.resolve(name));
                }
                Files.delete(before);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
