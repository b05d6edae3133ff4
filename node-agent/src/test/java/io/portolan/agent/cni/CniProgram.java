package io.portolan.agent.cni;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the real executable with nothing in its environment but what is given here. */
final class CniProgram {
    record Outcome(int status, String output, double seconds) {}

    private static final Path STRACE = Path.of("/usr/bin/strace");

    private final List<String> command = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final Path directory;

    CniProgram(Path directory) {
        this.directory = directory;
        environment.put("PORTOLAN_CNI_SOCKET", socket().toString());
        environment.put("PORTOLAN_CNI_QUEUE", queue().toString());
        environment.put("PORTOLAN_CNI_WAIT", "0");
    }

    CniProgram command(String command) {
        return with("CNI_COMMAND", command)
                .with("CNI_CONTAINERID", "c0ffee")
                .with("CNI_IFNAME", "eth0")
                .with("CNI_NETNS", "/run/netns/nowhere");
    }

    CniProgram with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Path socket() {
        return directory.resolve("cni.sock");
    }

    Path queue() {
        return directory.resolve("state/cni-queue");
    }

    /** Has strace write down the system calls that matter for durability. */
    CniProgram tracedTo(Path file) {
        if (!Files.isExecutable(STRACE)) {
            throw new AssertionError("this test needs strace at " + STRACE);
        }
        command.addAll(List.of(STRACE.toString(), "-o", file.toString(), "-s", "32"));
        command.addAll(List.of("-e", "trace=mkdir,mkdirat,write,fsync,rename,renameat,renameat2", "--"));
        return this;
    }

    Outcome run(String input) {
        return run(input.getBytes(StandardCharsets.UTF_8));
    }

    Outcome run(byte[] input) {
        try {
            Path inputFile = Files.write(Files.createTempFile(directory, "in", ""), input);
            Path output = Files.createTempFile(directory, "out", "");
            long start = System.nanoTime();
            Process process = start(Redirect.from(inputFile.toFile()), Redirect.to(output.toFile()));
            if (!process.waitFor(100, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the program did not end");
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Outcome(process.exitValue(), Files.readString(output), seconds);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    Process start(Redirect input, Redirect output) throws IOException {
        List<String> whole = new ArrayList<>(command);
        whole.add(executable().toString());
        ProcessBuilder builder = new ProcessBuilder(whole)
                .redirectInput(input)
                .redirectOutput(output)
                .redirectError(Redirect.INHERIT);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    static Path executable() {
        String given = System.getProperty("portolan.cni.program");
        if (given == null || !Files.isExecutable(Path.of(given))) {
            throw new AssertionError("no CNI executable at " + given + ": build the module cni first (mvn -am)");
        }
        return Path.of(given);
    }
}
