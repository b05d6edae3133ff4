package io.portolan.testbed.postgres;

import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and a server, to cut the line at the one moment at which nobody on the client's side can know
 * what is so: the server has committed, and its answer is on the way. Without TLS only.
 */
public final class PostgresRelay implements AutoCloseable {
    /** {@code CommandComplete} of a COMMIT: type, length, tag and a zero byte. A ROLLBACK has another one. */
    private static final byte[] COMMITTED = "C\0\0\0\013COMMIT\0".getBytes(StandardCharsets.ISO_8859_1);

    private final String host;
    private final int port;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable String> toLose = new AtomicReference<>();
    private final AtomicInteger lost = new AtomicInteger();
    private final Set<Socket> frozen = ConcurrentHashMap.newKeySet();

    /** What the client sent since its last commit, as long as one is to be lost. */
    private static final class Transaction {
        private ByteArrayOutputStream sent = new ByteArrayOutputStream();

        synchronized void add(byte[] bytes, int length) {
            sent.write(bytes, 0, length);
        }

        synchronized boolean says(String text) {
            return sent.toString(StandardCharsets.ISO_8859_1).contains(text);
        }

        synchronized void end() {
            sent = new ByteArrayOutputStream();
        }
    }

    private PostgresRelay(String host, int port) {
        this.host = host;
        this.port = port;
        try {
            listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("postgres-relay").start(this::accept);
    }

    /** A way to the server of this database, which has one host. */
    public static PostgresRelay to(Database database) {
        URI server = server(database);
        return new PostgresRelay(server.getHost(), server.getPort());
    }

    private static URI server(Database database) {
        return URI.create(database.url().substring("jdbc:".length()));
    }

    /** The same database by this way. */
    public Database relayed(Database database) {
        URI server = server(database);
        return new Database(
                database.url().replace(server.getAuthority(), "127.0.0.1:" + listener.getLocalPort()),
                database.user(),
                database.password());
    }

    /** Cuts the connection instead of passing on that the server has committed, once: whoever commits next. */
    public void loseCommit() {
        loseCommitOf("");
    }

    /** The same for the next transaction in which a client sends this text of ASCII as a parameter; others may commit meanwhile. */
    public void loseCommitOf(String text) {
        toLose.set(text);
    }

    /** How many commits were done and not answered, in all. */
    public int lostCommits() {
        return lost.get();
    }

    /** Passes nothing on from now on over the connections that are open; nobody is told, as when the server's machine dies. */
    public void freeze() {
        frozen.addAll(open);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    private void connect(Socket client) {
        try {
            Socket server = new Socket(host, port);
            open.add(server);
            Transaction transaction = new Transaction();
            Thread.ofVirtual().start(() -> pass(client, server, transaction, false));
            pass(server, client, transaction, true);
        } catch (IOException e) {
            // The server is away, and so is the way to it.
            closeQuietly(client);
        }
    }

    private void pass(Socket from, Socket to, Transaction transaction, boolean answers) {
        byte[] buffer = new byte[1 << 14];
        int matched = 0;
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (!answers && toLose.get() != null) {
                    transaction.add(buffer, n);
                }
                for (int i = 0; answers && i < n; i++) {
                    matched = buffer[i] == COMMITTED[matched] ? matched + 1 : buffer[i] == COMMITTED[0] ? 1 : 0;
                    if (matched == COMMITTED.length) {
                        matched = 0;
                        String text = toLose.get();
                        if (text != null && transaction.says(text) && toLose.compareAndSet(text, null)) {
                            lost.incrementAndGet();
                            return;
                        }
                        transaction.end();
                    }
                }
                if (!frozen.contains(to)) {
                    out.write(buffer, 0, n);
                }
            }
        } catch (IOException e) {
            // One end is gone; the other goes with it.
        } finally {
            List<Socket> ends = List.of(from, to);
            open.removeAll(ends);
            frozen.removeAll(ends);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is not open any more, which is what is wanted.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        open.forEach(PostgresRelay::closeQuietly);
    }
}
