package io.portolan.ovsdb;

import java.io.BufferedOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/** One JSON-RPC connection, from its opening to its end. */
final class Link {

    interface Notified {
        /** On the reading thread; an exception ends the link. */
        void notified(String method, JsonNode params);
    }

    private static final class Outgoing {
        private final byte[] bytes;
        private final @Nullable Call<?> call;

        Outgoing(byte[] bytes, @Nullable Call<?> call) {
            this.bytes = bytes;
            this.call = call;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Link.class);
    private static final int BUFFER = 1 << 16;
    private static final byte[] PROBE = JsonOut.bytes(json -> {
        json.writeStartObject();
        json.writeStringProperty("method", "echo");
        json.writeArrayPropertyStart("params");
        json.writeEndArray();
        json.writeStringProperty("id", "echo");
        json.writeEndObject();
    });

    private final OvsdbEndpoint endpoint;
    private final OvsdbOptions options;
    private final Notified notified;
    private final Wire wire;
    private final BlockingQueue<Outgoing> outbox = new LinkedBlockingQueue<>();
    private final Map<Long, Call<?>> calls = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private volatile long heard = System.nanoTime();

    private Link(OvsdbEndpoint endpoint, OvsdbOptions options, Wire wire, Notified notified) {
        this.endpoint = endpoint;
        this.options = options;
        this.notified = notified;
        this.wire = wire;
    }

    static Link open(OvsdbEndpoint endpoint, OvsdbOptions options, Notified notified) throws IOException {
        Wire wire = Wire.connect(endpoint, options.tls(), options.connectTimeout());
        Link link = new Link(endpoint, options, wire, notified);
        Thread writer = Thread.ofVirtual().name("ovsdb-write " + endpoint).start(link::write);
        Thread prober = Thread.ofVirtual().name("ovsdb-probe " + endpoint).start(link::probe);
        Thread.ofVirtual().name("ovsdb-read " + endpoint).start(() -> {
            try {
                link.read();
            } finally {
                link.close("the reader stopped");
                writer.interrupt();
                prober.interrupt();
                link.end();
            }
        });
        return link;
    }

    OvsdbEndpoint endpoint() {
        return endpoint;
    }

    /** Waits for the answer and throws what became of it, see {@link OvsdbException}. */
    <T> T call(String method, Consumer<JsonGenerator> params, Function<JsonNode, T> onReply, Deadline deadline) {
        Call<T> call = send(method, params, onReply);
        try {
            return call.answer.get(deadline.left(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw abandoned(call, "interrupted", e);
        } catch (TimeoutException e) {
            throw failure(call, e);
        } catch (ExecutionException e) {
            throw failure(call, e.getCause());
        } finally {
            calls.remove(call.id);
        }
    }

    /** For the steps that make a link usable: not for the interrupt of one caller to break, since all callers need them. */
    <T> T setUp(String method, Consumer<JsonGenerator> params, Function<JsonNode, T> onReply, Duration timeout) {
        Call<T> call = send(method, params, onReply);
        try {
            return call.answer
                    .copy()
                    .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                    .join();
        } catch (CompletionException e) {
            throw failure(call, e.getCause());
        } finally {
            calls.remove(call.id);
        }
    }

    <T> T setUp(String method, Consumer<JsonGenerator> params, Function<JsonNode, T> onReply) {
        return setUp(method, params, onReply, options.connectTimeout());
    }

    void close(String why) {
        if (reason.compareAndSet(null, why)) {
            try {
                wire.close();
            } catch (IOException e) {
                LOG.debug("{}: closing", endpoint, e);
            }
        }
    }

    boolean isClosed() {
        return reason.get() != null;
    }

    /** Returns why the link ended, after its last notification. */
    String awaitEnd() {
        return ended.join();
    }

    private <T> Call<T> send(String method, Consumer<JsonGenerator> params, Function<JsonNode, T> onReply) {
        Call<T> call = new Call<>(ids.incrementAndGet(), method, onReply);
        byte[] bytes = JsonOut.request(call.id, method, params);
        calls.put(call.id, call);
        outbox.add(new Outgoing(bytes, call));
        if (ended.isDone()) {
            call.abandon(ended.join(), null);
        }
        return call;
    }

    private OvsdbException failure(Call<?> call, @Nullable Throwable cause) {
        if (cause instanceof OvsdbException known) {
            return known;
        }
        return cause instanceof TimeoutException
                ? abandoned(call, "no answer from " + endpoint + " in time", cause)
                : new OvsdbException.OutcomeUnknown(call.method + ": unreadable answer", cause);
    }

    /** A transaction that nobody waits for is cancelled, as far as the server still can. */
    private OvsdbException abandoned(Call<?> call, String why, Throwable cause) {
        OvsdbException failure = call.abandon(why, cause);
        if (failure instanceof OvsdbException.OutcomeUnknown && call.method.equals("transact")) {
            outbox.add(new Outgoing(
                    JsonOut.bytes(json -> {
                        json.writeStartObject();
                        json.writeStringProperty("method", "cancel");
                        json.writeArrayPropertyStart("params");
                        json.writeNumber(call.id);
                        json.writeEndArray();
                        json.writeNullProperty("id");
                        json.writeEndObject();
                    }),
                    null));
        }
        return failure;
    }

    private void write() {
        try (OutputStream out = new BufferedOutputStream(wire.out(), BUFFER)) {
            while (!isClosed()) {
                Outgoing next = outbox.take();
                if (next.call == null || next.call.startSending()) {
                    out.write(next.bytes);
                }
                if (outbox.isEmpty()) {
                    out.flush();
                }
            }
        } catch (IOException e) {
            close("writing failed: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        try (JsonParser parser = JsonIn.parser(listened())) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token != JsonToken.START_OBJECT) {
                    throw new IllegalArgumentException("a message starts with " + token);
                }
                received(JsonIn.tree(parser));
            }
            close("closed by the server");
        } catch (JacksonException e) {
            close("reading failed: " + e.getOriginalMessage());
        } catch (RuntimeException e) {
            if (!isClosed()) {
                LOG.warn("{}: closing after a message that could not be handled", endpoint, e);
            }
            close("a message could not be handled: " + e);
        }
    }

    private InputStream listened() {
        return new FilterInputStream(wire.in()) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                int count = super.read(into, offset, length);
                heard = System.nanoTime();
                return count;
            }
        };
    }

    private void received(JsonNode message) {
        JsonNode id = message.path("id");
        if (message.has("method")) {
            String method = message.path("method").asString();
            if (method.equals("echo")) {
                outbox.add(new Outgoing(echoReply(message), null));
            } else {
                notified.notified(method, message.path("params"));
            }
        } else if (id.isIntegralNumber()) {
            Call<?> call = calls.remove(id.longValue());
            if (call != null) {
                call.reply(message);
            }
        }
    }

    private static byte[] echoReply(JsonNode probe) {
        return JsonOut.bytes(json -> {
            json.writeStartObject();
            json.writeName("result");
            json.writeTree(probe.path("params"));
            json.writeNullProperty("error");
            json.writeName("id");
            json.writeTree(probe.path("id"));
            json.writeEndObject();
        });
    }

    private void probe() {
        long interval = options.probeInterval().toNanos();
        try {
            while (!isClosed()) {
                long idle = System.nanoTime() - heard;
                if (idle < interval) {
                    TimeUnit.NANOSECONDS.sleep(interval - idle);
                    continue;
                }
                long asked = System.nanoTime();
                outbox.add(new Outgoing(PROBE, null));
                Thread.sleep(options.probePatience());
                if (heard - asked < 0) {
                    close("no sign of life");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end() {
        String why = Objects.requireNonNullElse(reason.get(), "closed");
        ended.complete(why);
        calls.values().forEach(call -> call.abandon(why, null));
        calls.clear();
    }
}
