package io.portolan.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The unix socket that the plugin's program connects to: a virtual thread a call, so many at once. */
final class CniServer implements AutoCloseable {
    /** What is done with a call. */
    @FunctionalInterface
    interface Calls {
        Answer answer(Frame frame);
    }

    /**
     * @param status the exit status of the plugin's program
     * @param output its standard output
     */
    record Answer(int status, String output) {}

    private static final Logger LOG = LoggerFactory.getLogger(CniServer.class);

    private final Path path;
    private final Calls calls;
    private final ServerSocketChannel socket;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("cni-", 0).factory());

    private CniServer(Path path, Calls calls, ServerSocketChannel socket) {
        this.path = path;
        this.calls = calls;
        this.socket = socket;
    }

    /** Serves from now on, at a socket that only root can reach. One that an earlier agent left is replaced. */
    static CniServer start(Path path, Calls calls) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        Files.deleteIfExists(path);
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            socket.bind(UnixDomainSocketAddress.of(path), 1024);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        CniServer server = new CniServer(path, calls, socket);
        server.threads.execute(server::accept);
        return server;
    }

    private void accept() {
        while (true) {
            try {
                SocketChannel caller = socket.accept();
                threads.execute(() -> serve(caller));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.error("cannot accept at {}", path, e);
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel caller) {
        try (caller) {
            Answer answer = answer(Channels.newInputStream(caller));
            write(answer, Channels.newOutputStream(caller));
        } catch (EOFException e) {
            LOG.debug("a caller went away in the middle of its request");
        } catch (IOException e) {
            LOG.debug("a caller did not take its answer: {}", e.getMessage());
        }
    }

    private Answer answer(InputStream from) throws IOException {
        Frame frame;
        try {
            frame = Frame.read(new BufferedInputStream(from));
        } catch (CniRefused e) {
            return new Answer(1, CniAnswers.error(CniVersion.V1_0_0.text(), e));
        }
        return calls.answer(frame);
    }

    private static void write(Answer answer, OutputStream to) throws IOException {
        byte[] output = answer.output().getBytes(UTF_8);
        DataOutputStream out = new DataOutputStream(to);
        byte[] head = new byte[5];
        head[0] = (byte) answer.status();
        for (int i = 0; i < 4; i++) {
            head[1 + i] = (byte) (output.length >>> (24 - 8 * i));
        }
        out.write(head);
        out.write(output);
        out.flush();
    }

    /** Takes no more calls, and waits for those that run. */
    @Override
    public void close() {
        try {
            socket.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("closing {}", path, e);
        }
        threads.close();
    }
}
