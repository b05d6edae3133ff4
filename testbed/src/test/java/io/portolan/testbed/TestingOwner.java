package io.portolan.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Another JVM that makes a testbed and then waits to be killed. */
final class TestingOwner implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process jvm;
    private final Path directory;

    private TestingOwner(Process jvm, Path directory) {
        this.jvm = jvm;
        this.directory = directory;
    }

    /** Returns when the other JVM has made all it makes. */
    static TestingOwner start(Path root) throws IOException {
        Process jvm = launch(root);
        String directory = jvm.inputReader().readLine();
        if (directory == null) {
            throw new AssertionError("the other JVM ended before it had made its testbed");
        }
        return new TestingOwner(jvm, Path.of(directory));
    }

    /** Returns as soon as the other JVM's journal has so many lines: it is about to make what the last one names. */
    static TestingOwner startUntilJournalHas(Path root, int lines) throws IOException {
        Process jvm = launch(root);
        Path directory = Waiting.forValue(PATIENCE, () -> withJournalOf(root, lines))
                .orElseThrow(() -> new AssertionError("the other JVM does not get that far"));
        return new TestingOwner(jvm, directory);
    }

    private static Optional<Path> withJournalOf(Path root, int lines) {
        return Workspace.under(root).stream()
                .filter(directory -> lineCount(directory.resolve("journal")) >= lines)
                .findFirst();
    }

    private static long lineCount(Path journal) {
        try {
            return Files.readString(journal).chars().filter(c -> c == '\n').count();
        } catch (IOException e) {
            return 0;
        }
    }

    private static Process launch(Path root) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(
                        Programs.locate("setsid"),
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TestingOwner.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] arguments) throws InterruptedException {
        Workspace workspace = Workspace.create(Path.of(arguments[0]));
        OvnCentral central = OvnCentral.in(workspace).start();
        NodeHost.in(workspace, Fabric.create(workspace), central, "made").start();
        PodSandbox.create(workspace, "pod").serveTcp(8080, "here");
        workspace.daemon("plain", "sleep", "600").start();
        System.out.println(workspace.directory());
        Thread.sleep(Duration.ofMinutes(5));
    }

    Path directory() {
        return directory;
    }

    /** The namespaces' files, and the link's, which are to be gone in the end. */
    List<Path> made() {
        Journal journal = Journal.of(directory).orElseThrow();
        return Stream.concat(
                        journal.entries("netns").stream().map(entry -> Path.of("/run/netns", entry.name())),
                        journal.entries("link").stream().map(entry -> Path.of("/sys/class/net", entry.name())))
                .toList();
    }

    void kill9() {
        jvm.destroyForcibly();
        exitCode();
    }

    /** What Ctrl-C does in a terminal: SIGINT to the whole process group. */
    void interruptGroup() {
        Command.unmarked("kill", "-INT", "--", "-" + jvm.pid()).output();
    }

    int exitCode() {
        if (!Waiting.until(PATIENCE, () -> !jvm.isAlive())) {
            throw new AssertionError("the other JVM does not end");
        }
        return jvm.exitValue();
    }

    @Override
    public void close() {
        kill9();
        Workspace.sweep(directory);
    }
}
