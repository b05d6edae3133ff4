package io.portolan.security;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A way to a server on this machine that can be shut and opened; shut at first. */
final class TestingGate implements AutoCloseable {
    private final ServerSocket entrance;
    private final int to;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean open;

    TestingGate(int to) {
        this.to = to;
        try {
            entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::admit);
    }

    int port() {
        return entrance.getLocalPort();
    }

    void open() {
        open = true;
    }

    void shut() {
        open = false;
        sockets.forEach(TestingGate::end);
    }

    private void admit() {
        try {
            while (true) {
                Socket caller = entrance.accept();
                sockets.add(caller);
                if (open) {
                    Socket server = new Socket(InetAddress.getLoopbackAddress(), to);
                    sockets.add(server);
                    Thread.ofVirtual().start(() -> copy(caller, server));
                    Thread.ofVirtual().start(() -> copy(server, caller));
                }
                if (!open) {
                    shut();
                }
            }
        } catch (IOException e) {
            shut();
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            end(from);
        }
        end(to);
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            entrance.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        shut();
    }
}
