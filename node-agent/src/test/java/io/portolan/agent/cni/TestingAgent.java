package io.portolan.agent.cni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** The agent's end of the protocol, with an agent's possible misbehaviour. */
final class TestingAgent implements AutoCloseable {
    static final byte[] MAGIC = "PCNI1\n".getBytes(StandardCharsets.UTF_8);

    /** What came over one connection. */
    record Request(ByteBuffer frame, Map<String, String> environment, ByteBuffer input) {
        String text() {
            return StandardCharsets.UTF_8.decode(input.duplicate()).toString();
        }
    }

    /** What to do with a connection whose request has been read. */
    interface Behaviour {
        void answer(SocketChannel connection) throws IOException;
    }

    private final Path path;
    private final ServerSocketChannel server;
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    private TestingAgent(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    static TestingAgent at(Path path, Behaviour behaviour) throws IOException {
        return start(path, (agent, connection) -> {
            agent.requests.add(read(connection));
            behaviour.answer(connection);
        });
    }

    /** Closes a connection as soon as this many bytes of the request were read. */
    static TestingAgent hangingUpAfter(Path path, int bytes) throws IOException {
        return start(path, (ignored, connection) -> readFully(connection, bytes));
    }

    static TestingAgent answering(Path path, int status, String output) throws IOException {
        return at(path, connection -> write(connection, answer(status, output.getBytes(StandardCharsets.UTF_8))));
    }

    static byte[] answer(int status, byte[] output) {
        return ByteBuffer.allocate(5 + output.length)
                .put((byte) status)
                .putInt(output.length)
                .put(output)
                .array();
    }

    static void write(SocketChannel connection, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            connection.write(buffer);
        }
    }

    List<Request> requests() {
        return requests;
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path);
    }

    static Request parse(byte[] frame) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        byte[] magic = new byte[MAGIC.length];
        buffer.get(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new IllegalArgumentException("no magic");
        }
        byte[] environment = new byte[buffer.getInt()];
        buffer.get(environment);
        byte[] input = new byte[buffer.getInt()];
        buffer.get(input);
        if (buffer.hasRemaining()) {
            throw new IllegalArgumentException("bytes behind the frame");
        }
        return new Request(ByteBuffer.wrap(frame), variables(environment), ByteBuffer.wrap(input));
    }

    private static TestingAgent start(Path path, Conversation conversation) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        TestingAgent agent = new TestingAgent(path, server);
        Thread.ofVirtual().start(() -> {
            while (server.isOpen()) {
                try (SocketChannel connection = server.accept()) {
                    conversation.hold(agent, connection);
                } catch (IOException e) {
                    // The program hung up, or the server was closed: either shows in what the test asserts.
                }
            }
        });
        return agent;
    }

    private static Request read(SocketChannel connection) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(readFully(connection, MAGIC.length));
        for (int part = 0; part < 2; part++) {
            byte[] length = readFully(connection, 4);
            frame.write(length);
            frame.write(readFully(connection, ByteBuffer.wrap(length).getInt()));
        }
        return parse(frame.toByteArray());
    }

    private static byte[] readFully(SocketChannel connection, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (connection.read(buffer) < 0) {
                throw new IOException("the request ended early");
            }
        }
        return buffer.array();
    }

    private static Map<String, String> variables(byte[] environment) {
        Map<String, String> variables = new LinkedHashMap<>();
        int start = 0;
        for (int at = 0; at < environment.length; at++) {
            if (environment[at] == 0) {
                String entry = new String(environment, start, at - start, StandardCharsets.UTF_8);
                int equals = entry.indexOf('=');
                variables.put(entry.substring(0, equals), entry.substring(equals + 1));
                start = at + 1;
            }
        }
        if (start != environment.length) {
            throw new UncheckedIOException(new IOException("the last variable does not end"));
        }
        return variables;
    }

    private interface Conversation {
        void hold(TestingAgent agent, SocketChannel connection) throws IOException;
    }
}
