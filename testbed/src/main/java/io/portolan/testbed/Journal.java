package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The list of what a workspace is about to make outside its directory, one line a thing, written before the thing is made.
 * It survives SIGKILL of the owner, not a power cut, which takes the things along anyway. A last line that is not
 * complete names nothing that was made.
 */
final class Journal {
    /** The owner, a namespace or a root-namespace link; {@code detail} tells a recycled name from our own. */
    record Entry(String kind, String name, String detail) {
        static Entry owner(Owner owner) {
            return new Entry("owner", Long.toString(owner.pid()), Long.toString(owner.startTime()));
        }

        static Entry namespace(String name) {
            return new Entry("netns", name, "-");
        }

        static Entry link(String name, String hardwareAddress) {
            return new Entry("link", name, hardwareAddress);
        }

        private String line() {
            return String.join(" ", kind, name, detail);
        }
    }

    private static final String GONE = "gone ";
    private static final String FILE = "journal";

    private final Path file;

    private Journal(Path file) {
        this.file = file;
    }

    static Journal begin(Path directory) {
        Journal journal = new Journal(directory.resolve(FILE));
        journal.append(Entry.owner(Owner.current()).line());
        return journal;
    }

    /** The journal of a directory, whoever keeps it; empty if there is none. */
    static Optional<Journal> of(Path directory) {
        Path file = directory.resolve(FILE);
        return Files.exists(file) ? Optional.of(new Journal(file)) : Optional.empty();
    }

    /** Notes the entry, then makes the thing; a thing that could not be made is struck off: it may be a stranger's. */
    void make(Entry entry, Runnable making) {
        synchronized (this) {
            if (entries(entry.kind()).contains(entry)) {
                throw new IllegalStateException(
                        "this testbed has the %s %s already".formatted(entry.kind(), entry.name()));
            }
            append(entry.line());
        }
        try {
            making.run();
        } catch (Command.Failed e) {
            if (e.stderr().contains("File exists")) {
                gone(entry);
            }
            throw e;
        }
    }

    void gone(Entry entry) {
        append(GONE + entry.line());
    }

    Optional<Owner> owner() {
        return entries("owner").stream()
                .findFirst()
                .map(entry -> new Owner(Long.parseLong(entry.name()), Long.parseLong(entry.detail())));
    }

    /** What was noted and not struck off, newest first. */
    List<Entry> entries(String kind) {
        Set<Entry> made = new LinkedHashSet<>();
        for (String line : lines()) {
            boolean gone = line.startsWith(GONE);
            String[] words = (gone ? line.substring(GONE.length()) : line).split(" ", 3);
            if (words.length == 3 && words[0].equals(kind)) {
                Entry entry = new Entry(words[0], words[1], words[2]);
                if (gone) {
                    made.remove(entry);
                } else {
                    made.add(entry);
                }
            }
        }
        return new ArrayList<>(made).reversed();
    }

    private List<String> lines() {
        try {
            String text = Files.readString(file);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (NoSuchFileException e) {
            // Another process has just swept it.
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private synchronized void append(String line) {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
