package io.portolan.agent.netlink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A network namespace with a random name, looked at through {@code ip} and {@code ethtool}. Needs root and iproute2. */
final class TestingNamespace implements AutoCloseable {
    private final String name;
    private boolean deleted;

    private TestingNamespace(String name) {
        this.name = name;
    }

    static TestingNamespace create() {
        String name = "nl-" + UUID.randomUUID().toString().substring(0, 13);
        run("ip", "netns", "add", name);
        return new TestingNamespace(name);
    }

    Path path() {
        return Path.of("/run/netns", name);
    }

    NetworkNamespace open() {
        return NetworkNamespace.open(path());
    }

    /** What {@code ip} prints about this namespace. */
    String ip(String... arguments) {
        return run(with(List.of("ip", "-n", name), arguments));
    }

    String exec(String... command) {
        return run(with(List.of("ip", "netns", "exec", name), command));
    }

    boolean has(String link) {
        return ip("-o", "link").lines().anyMatch(line -> line.matches("\\d+: " + link + "[@:].*"));
    }

    @Override
    public void close() {
        if (!deleted) {
            deleted = true;
            run("ip", "netns", "del", name);
        }
    }

    private static String[] with(List<String> head, String... tail) {
        List<String> all = new ArrayList<>(head);
        all.addAll(List.of(tail));
        return all.toArray(String[]::new);
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError("these tests need root, iproute2 and ethtool: %s: %s"
                        .formatted(String.join(" ", command), output));
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError("these tests need root, iproute2 and ethtool: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
