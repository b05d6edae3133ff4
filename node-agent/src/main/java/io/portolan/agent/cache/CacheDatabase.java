package io.portolan.agent.cache;

import io.portolan.model.PortId;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbException;
import io.portolan.ovsdb.OvsdbLock;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.TransactResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connection to {@code Portolan_Node}: keeps it served, holds the lock, reads all of it, commits one change. */
final class CacheDatabase implements AutoCloseable {
    static final String LOCK = "portolan_agent";

    static final String STOPPING = "the agent is stopping";

    private static final Logger LOG = LoggerFactory.getLogger(CacheDatabase.class);
    private static final Duration CHECK = Duration.ofMillis(100);

    private final CacheSettings settings;
    private final ServedFile file;
    private final OvsdbClient client;
    private final OvsdbLock lock;
    private volatile String trouble = "the node's database server has not been reached yet";
    private volatile boolean closed;

    CacheDatabase(CacheSettings settings) {
        this.settings = settings;
        file = new ServedFile(settings);
        client = OvsdbClient.open(OvsdbOptions.of(List.of(settings.server()), ServedFile.DATABASE, null)
                .withTimeouts(settings.patience(), Duration.ofSeconds(5))
                .withBackoff(Duration.ofMillis(20), Duration.ofMillis(500)));
        lock = client.lock(LOCK);
    }

    /** Why it could not be used when it was last tried. */
    String trouble() {
        return trouble;
    }

    boolean usable() {
        return client.isConnected() && lock.isHeld();
    }

    /** A server that was restarted does not serve it any more; whoever waits for the connection waits for this. */
    void keepServed() {
        if (!client.isConnected()) {
            try {
                file.ensure();
            } catch (IOException e) {
                trouble(String.valueOf(e.getMessage()));
            }
        }
    }

    /**
     * Reads everything and makes durable what was written, as the only writer.
     *
     * @throws CacheUnavailable when that was not to be had in time, or at once when this is closed
     */
    CacheView load(Duration within) {
        long end = System.nanoTime() + within.toNanos();
        while (true) {
            try {
                return tryLoad();
            } catch (IOException | OvsdbException e) {
                if (closed) {
                    throw new CacheUnavailable(STOPPING, e);
                }
                String why = String.valueOf(e.getMessage());
                trouble(why);
                if (System.nanoTime() >= end || !pause()) {
                    throw new CacheUnavailable(why, e);
                }
            }
        }
    }

    private CacheView tryLoad() throws IOException {
        if (!client.isConnected()) {
            file.ensure();
            client.awaitConnected(CHECK);
        }
        String served = client.schema().version();
        if (file.isBeyondOurs(served)) {
            throw new IOException(
                    "the port cache %s has schema %s, and this agent knows %s: run the agent of the later release again, or drain the node and remove the cache"
                            .formatted(settings.file(), served, file.ours()));
        }
        if (!lockHeld()) {
            throw new IOException("another agent runs on this node and holds the port cache");
        }
        if (file.isBeforeOurs(served)) {
            file.convert();
        }
        if (client.transact(Operation.select(CacheRows.NODE)).rows(0).isEmpty()) {
            NodeRecord unregistered = NodeRecord.unregistered(settings.cluster(), settings.node());
            client.transact(Operation.assertLock(LOCK), Operation.insert(CacheRows.NODE, CacheRows.node(unregistered)));
        }
        return read(client.transact(
                Operation.assertLock(LOCK),
                Operation.mutate(CacheRows.NODE, Mutation.add(CacheRows.SERIAL, 1)),
                Operation.select(CacheRows.NODE),
                Operation.select(CacheRows.PORT),
                Operation.select(CacheRows.ATTACHMENT),
                Operation.select(CacheRows.REPORT),
                Operation.select(CacheRows.SECURITY),
                Operation.commitDurably()));
    }

    private CacheView read(TransactResult all) throws IOException {
        Row own = all.rows(2).getFirst();
        NodeRecord node = CacheRows.node(own);
        if (!node.cluster().equals(settings.cluster()) || !node.node().equals(settings.node())) {
            throw new IOException("the port cache %s is of node %s in cluster %s, not of %s in %s"
                    .formatted(settings.file(), node.node(), node.cluster(), settings.node(), settings.cluster()));
        }
        Map<PortId, CachedPort> ports = all.rows(3).stream()
                .map(CacheRows::port)
                .collect(Collectors.toUnmodifiableMap(CachedPort::id, Function.identity()));
        Map<AttachmentKey, Attachment> attachments = all.rows(4).stream()
                .map(CacheRows::attachment)
                .collect(Collectors.toUnmodifiableMap(Attachment::key, Function.identity()));
        List<CacheView.Queued> outbox = all.rows(5).stream()
                .map(CacheRows::report)
                .sorted(Comparator.comparingLong(CacheView.Queued::seq))
                .toList();
        Optional<KnownSecurity> security =
                all.rows(6).stream().map(CacheRows::security).findFirst();
        return new CacheView(own.id(), own.integer(CacheRows.SERIAL), node, ports, attachments, outbox, security);
    }

    /**
     * Commits a change of the view of this serial.
     *
     * @return false when it is not known to be done: the view is to be read again before anything is decided
     */
    boolean commit(CacheView before, List<Operation> operations, boolean durable) {
        List<Operation> all = new ArrayList<>();
        all.add(Operation.assertLock(LOCK));
        all.add(Operation.expect(
                CacheRows.NODE, Row.empty().with(CacheRows.SERIAL, before.serial()), Condition.row(before.row())));
        all.addAll(operations);
        all.add(Operation.update(
                CacheRows.NODE, Row.empty().with(CacheRows.SERIAL, before.serial() + 1), Condition.row(before.row())));
        if (durable) {
            all.add(Operation.commitDurably());
        }
        try {
            client.transact(all);
            return true;
        } catch (OvsdbException.Refused e) {
            return switch (e.reason()) {
                case NOT_OWNER, TIMED_OUT -> notDone(e);
                default ->
                    throw new CacheUnavailable("the port cache refuses what the agent wants: " + e.getMessage(), e);
            };
        } catch (OvsdbException.OutcomeUnknown | OvsdbException.NotConnected e) {
            return notDone(e);
        } catch (OvsdbException.Closed e) {
            throw new CacheUnavailable(STOPPING, e);
        }
    }

    private boolean notDone(OvsdbException why) {
        LOG.info("looking at the port cache again: {}", why.getMessage());
        trouble = String.valueOf(why.getMessage());
        return false;
    }

    private void trouble(String why) {
        if (!why.equals(trouble)) {
            LOG.warn("the port cache cannot be used: {}", why);
            trouble = why;
        }
    }

    private boolean lockHeld() {
        try {
            return lock.awaitHeld(CHECK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** False when the agent is stopping. */
    private static boolean pause() {
        try {
            Thread.sleep(CHECK.dividedBy(4));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        closed = true;
        lock.close();
        client.close();
    }
}
