package io.portolan.ovsdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/** Stands between a client and a real server, to cut the line, to chop the answers small, or to change a question. */
final class TestingRelay implements AutoCloseable {

    private final Path socket;
    private final Path server;
    private final ServerSocketChannel listener;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private volatile UnaryOperator<String> questions = UnaryOperator.identity();
    private volatile boolean refusing;
    private volatile int longestChunk = 1 << 16;

    TestingRelay(Path socket, Path server) {
        this.socket = socket;
        this.server = server;
        try {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String remote() {
        return "unix:" + socket;
    }

    /** Rewrites what clients send; a question must fit in one read. */
    TestingRelay rewriting(UnaryOperator<String> change) {
        questions = change;
        return this;
    }

    /** Passes answers on in pieces of one byte to so many. */
    TestingRelay chopping(int longest) {
        longestChunk = longest;
        return this;
    }

    /** Cuts the line and answers no new one. */
    void refuse() {
        refusing = true;
        cut();
    }

    void admit() {
        refusing = false;
    }

    void cut() {
        open.forEach(TestingRelay::close);
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cut();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = listener.accept();
                if (refusing) {
                    client.close();
                    continue;
                }
                SocketChannel upstream = SocketChannel.open(UnixDomainSocketAddress.of(server));
                open.add(client);
                open.add(upstream);
                Thread.ofVirtual().start(() -> ask(client, upstream));
                Thread.ofVirtual().start(() -> answer(upstream, client));
            }
        } catch (IOException e) {
            cut();
        }
    }

    private void ask(SocketChannel client, SocketChannel upstream) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try (client;
                upstream) {
            while (client.read(buffer.clear()) >= 0) {
                String text = StandardCharsets.ISO_8859_1.decode(buffer.flip()).toString();
                ByteBuffer changed = StandardCharsets.ISO_8859_1.encode(questions.apply(text));
                while (changed.hasRemaining()) {
                    upstream.write(changed);
                }
            }
        } catch (IOException e) {
            cut();
        }
    }

    private void answer(SocketChannel upstream, SocketChannel client) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        Random sizes = new Random(7047);
        try (client;
                upstream) {
            while (upstream.read(buffer.clear()) >= 0) {
                buffer.flip();
                int end = buffer.limit();
                while (buffer.position() < end) {
                    buffer.limit(Math.min(end, buffer.position() + 1 + sizes.nextInt(longestChunk)));
                    while (buffer.hasRemaining()) {
                        client.write(buffer);
                    }
                }
            }
        } catch (IOException e) {
            cut();
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
