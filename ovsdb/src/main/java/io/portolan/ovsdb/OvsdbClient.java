package io.portolan.ovsdb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/**
 * One database, reached through any of its endpoints; safe for any number of threads.
 *
 * <p>Calls wait for a connection until their time limit, and are never repeated; one that is caught by the end of its
 * connection fails at once. See {@link OvsdbException} for how. Closing the client ends its replicas and locks too.
 */
public final class OvsdbClient implements AutoCloseable {

    private final OvsdbOptions options;
    private final Tally tally = new Tally();
    private final Session session;
    private final Set<String> locks = ConcurrentHashMap.newKeySet();
    private final Set<Replica> replicas = ConcurrentHashMap.newKeySet();

    private OvsdbClient(OvsdbOptions options, Consumer<ConnectionState> stateListener) {
        this.options = options;
        this.session = new Session(options, tally, new Dispatcher("ovsdb-events " + options.database()), stateListener);
    }

    /** Returns at once and connects in the background, for ever. */
    public static OvsdbClient open(OvsdbOptions options) {
        return open(options, ignored -> {});
    }

    /** @param stateListener called in order, on a thread of its own */
    public static OvsdbClient open(OvsdbOptions options, Consumer<ConnectionState> stateListener) {
        OvsdbClient client = new OvsdbClient(options, stateListener);
        client.session.start();
        return client;
    }

    /** @throws OvsdbException.NotConnected with the last problem, when the time is up */
    public void awaitConnected(Duration timeout) {
        session.await(Deadline.in(timeout));
    }

    public boolean isConnected() {
        return session.link().isPresent();
    }

    public TransactResult transact(Operation... operations) {
        return transact(options.callTimeout(), List.of(operations));
    }

    public TransactResult transact(List<Operation> operations) {
        return transact(options.callTimeout(), operations);
    }

    /** All operations or none. Returns when the server has committed them; replicas of this client show them then. */
    public TransactResult transact(Duration timeout, List<Operation> operations) {
        Deadline deadline = Deadline.in(timeout);
        Link link = session.await(deadline);
        try {
            JsonNode reply = link.call(
                    "transact",
                    json -> {
                        json.writeString(options.database());
                        operations.forEach(operation -> JsonOut.operation(json, operation));
                    },
                    Function.identity(),
                    deadline);
            TransactResult result = TransactResult.read(operations, reply);
            tally.transactions.increment();
            return result;
        } catch (OvsdbException.Refused e) {
            tally.transactions.increment();
            tally.refused.increment();
            throw e;
        } catch (OvsdbException.OutcomeUnknown e) {
            tally.transactions.increment();
            tally.unknown.increment();
            throw e;
        }
    }

    /** Keeps a copy of these tables. Returns at once or when the first load is in; see {@link Replica#awaitLoaded}. */
    public Replica replicate(Watch... tables) {
        return replicate(Monitor.Method.COND_SINCE, List.of(tables));
    }

    Replica replicate(Monitor.Method best, List<Watch> tables) {
        Replica replica = new Replica(options.database(), tally);
        Monitor monitor = new Monitor(options.database(), tables, best, replica);
        replica.onClose(() -> {
            session.remove(monitor);
            replicas.remove(replica);
            session.link().ifPresent(monitor::cancel);
        });
        replicas.add(replica);
        session.add(monitor);
        return replica;
    }

    /** Asks for a lock, now and after every reconnect, until it is closed. */
    public OvsdbLock lock(String name) {
        return lock(name, ignored -> {});
    }

    /** @param listener told true and false as the lock comes and goes, in order, on a thread of its own */
    public OvsdbLock lock(String name, Consumer<Boolean> listener) {
        OvsdbLock lock = new OvsdbLock(name, session, listener, () -> locks.remove(name));
        if (!locks.add(name)) {
            throw new IllegalStateException("this client asks for the lock '" + name + "' already");
        }
        session.add(lock.tenant());
        return lock;
    }

    public Schema schema() {
        return call("get_schema", json -> json.writeString(options.database()), Schema::read);
    }

    /** The databases of the server that is connected. */
    public List<String> databases() {
        return call("list_dbs", ignored -> {}, result -> {
            List<String> names = new ArrayList<>();
            result.values().forEach(name -> names.add(name.stringValue()));
            return List.copyOf(names);
        });
    }

    /** Fresh whenever a server starts. */
    public UUID serverId() {
        return call("get_server_id", ignored -> {}, result -> UUID.fromString(result.stringValue()));
    }

    public Counters counters() {
        return tally.read();
    }

    /** Calls that wait get {@link OvsdbException.OutcomeUnknown} or {@link OvsdbException.Closed}. */
    @Override
    public void close() {
        session.close();
        replicas.forEach(Replica::close);
    }

    private <T> T call(String method, Consumer<JsonGenerator> params, Function<JsonNode, T> onReply) {
        Deadline deadline = Deadline.in(options.callTimeout());
        return session.await(deadline).call(method, params, onReply, deadline);
    }
}
