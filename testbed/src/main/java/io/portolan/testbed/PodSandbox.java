package io.portolan.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A pod's network namespace as a container runtime makes it, before any plugin has run; and the checks from inside it. A
 * check that finds no connection is a result, not an exception.
 */
public final class PodSandbox implements AutoCloseable {
    private static final String CLIENT = """
            import socket, sys, time
            limit = float(sys.argv[3])
            for i in range(int(sys.argv[4])):
                begin = time.monotonic()
                try:
                    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=limit) as s:
                        s.settimeout(limit)
                        s.sendall(b'hello\\n')
                        said = b''
                        while not said.endswith(b'\\n'):
                            part = s.recv(65536)
                            if not part:
                                break
                            said += part
                    print('answered', (time.monotonic() - begin) * 1000, said.decode().strip())
                except OSError as e:
                    print('failed', (time.monotonic() - begin) * 1000, type(e).__name__ + ':', e)
            """;

    private static final String SERVER = """
            import socketserver, sys
            class Answer(socketserver.StreamRequestHandler):
                def handle(self):
                    if self.rfile.readline():
                        self.wfile.write(sys.argv[2].encode() + b'\\n')
            class Server(socketserver.ThreadingTCPServer):
                allow_reuse_address = True
                daemon_threads = True
            Server(('0.0.0.0', int(sys.argv[1])), Answer).serve_forever()
            """;

    private final Workspace workspace;
    private final Namespace namespace;

    private PodSandbox(Workspace workspace, Namespace namespace) {
        this.workspace = workspace;
        this.namespace = namespace;
    }

    public static PodSandbox create(Workspace workspace, String name) {
        return new PodSandbox(workspace, Namespace.create(workspace, name));
    }

    /** Around a namespace that exists, such as a VM's; closing it is its owner's. */
    public static PodSandbox around(Workspace workspace, Namespace namespace) {
        return new PodSandbox(workspace, namespace);
    }

    public Namespace namespace() {
        return namespace;
    }

    /** For {@code CNI_NETNS}. */
    public Path path() {
        return namespace.path();
    }

    public String exec(String... arguments) {
        return namespace.exec(arguments);
    }

    /** Pings so many times, five times a second, waiting a second for each answer. */
    public Ping ping(String target, int count) {
        Command.Result result = namespace
                .command("ping", "-n", "-c", Integer.toString(count), "-i", "0.2", "-W", "1", target)
                .within(Duration.ofSeconds(30 + 2L * count))
                .run();
        return Ping.parse(result.stdout() + result.stderr());
    }

    /** Pings until it is stopped, to count what is lost meanwhile. */
    public PingStream pingUntilStopped(String target, Duration interval) {
        String seconds = String.format(Locale.ROOT, "%.3f", interval.toNanos() / 1e9);
        String label = "ping-%s-%d".formatted(namespace.name(), System.nanoTime());
        return new PingStream(workspace
                .daemon(label, "ping", "-n", "-i", seconds, target)
                .inside(namespace)
                .grace(Duration.ZERO)
                .start());
    }

    /** Listens on the port at all addresses; answers one line with the given one. Returns when it listens. */
    public Daemon serveTcp(int port, String answer) {
        return workspace
                .daemon(
                        "tcp-%s-%d".formatted(namespace.name(), port),
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        SERVER,
                        Integer.toString(port),
                        answer)
                .inside(namespace)
                .grace(Duration.ZERO)
                .readyWhen("listens", starting -> Listeners.owns(starting.pid(), port))
                .start();
    }

    /** Connects, says a line, hears a line: one TCP exchange, each step within the limit. */
    public TcpExchange tcp(String target, int port, Duration limit) {
        return tcp(target, port, limit, 1).getFirst();
    }

    /** So many exchanges, one after another. */
    public List<TcpExchange> tcp(String target, int port, Duration limit, int times) {
        Command.Result result = namespace
                .command(
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        CLIENT,
                        target,
                        Integer.toString(port),
                        Double.toString(limit.toMillis() / 1000.0),
                        Integer.toString(times))
                .within(limit.multipliedBy(3L * times).plusSeconds(30))
                .run();
        if (!result.succeeded()) {
            List<String> lines = result.stderr().lines().toList();
            return List.of(new TcpExchange(false, 0, lines.isEmpty() ? "" : lines.getLast()));
        }
        return result.stdout()
                .lines()
                .map(line -> line.split(" ", 3))
                .map(words -> new TcpExchange(words[0].equals("answered"), Double.parseDouble(words[1]), words[2]))
                .toList();
    }

    /** Kills what runs inside and deletes the namespace, as a runtime does at a pod's end. */
    @Override
    public void close() {
        namespace.close();
    }
}
