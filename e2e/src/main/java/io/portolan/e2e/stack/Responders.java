package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;

/** The program in a pod that says its name to whoever asks, over TCP and UDP. */
public final class Responders {
    public static final int TCP_PORT = 8080;
    public static final int UDP_PORT = 5353;

    private static final String UDP = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[1])))
            print('listens', flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                s.sendto(sys.argv[2].encode(), peer)
            """;

    private Responders() {}

    /** Returns when both listen. */
    public static void start(Workspace workspace, PodSandbox pod, String name) {
        pod.serveTcp(TCP_PORT, name);
        workspace
                .daemon(
                        "udp-" + pod.namespace().name(),
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        UDP,
                        Integer.toString(UDP_PORT),
                        name)
                .inside(pod.namespace())
                .grace(Duration.ZERO)
                .readyWhen("listens", Responders::saidSo)
                .start();
    }

    private static boolean saidSo(Daemon responder) {
        try {
            return Files.readString(responder.log()).contains("listens");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
