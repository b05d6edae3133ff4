package io.portolan.ovsdb;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** The bytes of one connection. Closing it ends reads and writes that are blocked. */
record Wire(InputStream in, OutputStream out, SocketChannel channel) implements Closeable {

    static Wire connect(OvsdbEndpoint endpoint, @Nullable Supplier<SSLContext> tls, Duration timeout)
            throws IOException {
        SocketChannel channel = open(endpoint);
        Thread guard = closeAfter(channel, timeout);
        try {
            channel.connect(address(endpoint));
            return endpoint instanceof OvsdbEndpoint.Ssl ssl
                    ? secured(ssl, Objects.requireNonNull(tls).get(), channel)
                    : new Wire(new ChannelIn(channel), new ChannelOut(channel), channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        } finally {
            guard.interrupt();
        }
    }

    private static SocketChannel open(OvsdbEndpoint endpoint) throws IOException {
        if (endpoint instanceof OvsdbEndpoint.Unix) {
            return SocketChannel.open(StandardProtocolFamily.UNIX);
        }
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
    }

    private static SocketAddress address(OvsdbEndpoint endpoint) throws UnknownHostException {
        return switch (endpoint) {
            case OvsdbEndpoint.Unix unix -> UnixDomainSocketAddress.of(unix.path());
            case OvsdbEndpoint.Tcp tcp -> resolved(tcp.host(), tcp.port());
            case OvsdbEndpoint.Ssl ssl -> resolved(ssl.host(), ssl.port());
        };
    }

    private static InetSocketAddress resolved(String host, int port) throws UnknownHostException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException(host);
        }
        return address;
    }

    private static Wire secured(OvsdbEndpoint.Ssl endpoint, SSLContext tls, SocketChannel channel) throws IOException {
        SSLSocket socket = (SSLSocket)
                tls.getSocketFactory().createSocket(channel.socket(), endpoint.host(), endpoint.port(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return new Wire(socket.getInputStream(), socket.getOutputStream(), channel);
    }

    /** Ends everything on this wire when the time is up, unless the thread is interrupted first. */
    Thread closeAfter(Duration timeout) {
        return closeAfter(channel, timeout);
    }

    private static Thread closeAfter(SocketChannel channel, Duration timeout) {
        return Thread.ofVirtual().name("ovsdb-guard").start(() -> {
            try {
                Thread.sleep(timeout);
                channel.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Without TLS's closing handshake, which could wait for a peer that hangs. */
    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static final class ChannelIn extends InputStream {
        private final SocketChannel channel;

        ChannelIn(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            return channel.read(ByteBuffer.wrap(into, offset, length));
        }
    }

    private static final class ChannelOut extends OutputStream {
        private final SocketChannel channel;

        ChannelOut(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(from, offset, length);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }
}
