package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports, and who listens where. */
public final class Listeners {
    /** Below the range from which the kernel gives ports to outgoing connections: nobody takes one by chance. */
    private static final int LOWEST = 15_000;

    private static final int HIGHEST = 32_000;

    private Listeners() {}

    /** A port of the loopback address that nobody listens on at this moment. */
    public static int freeLoopbackPort() {
        for (int attempt = 0; attempt < 1000; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            if (isFree(port)) {
                return port;
            }
        }
        throw new TestbedFailed("no free loopback port");
    }

    private static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public static boolean accepts(Path unixSocket) {
        if (!Files.exists(unixSocket)) {
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(unixSocket));
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether this very process listens on the TCP port, in whichever namespace it runs. */
    public static boolean owns(long pid, int port) {
        Path process = Path.of("/proc", Long.toString(pid));
        try {
            Set<String> sockets = new HashSet<>();
            try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path descriptor : descriptors) {
                    sockets.add(target(descriptor));
                }
            }
            String suffix = ":%04X".formatted(port);
            return Files.readAllLines(process.resolve("net/tcp")).stream()
                    .skip(1)
                    .map(line -> line.strip().split("\\s+"))
                    .anyMatch(field -> field[1].endsWith(suffix)
                            && field[3].equals("0A")
                            && sockets.contains("socket:[" + field[9] + "]"));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
