package io.portolan.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** One clustered database on several {@code ovsdb-server} processes, which talk RAFT over loopback TCP. */
public final class RaftCluster {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Workspace workspace;
    private final String database;
    private final List<OvsdbServer> members;

    private RaftCluster(Workspace workspace, String database, List<OvsdbServer> members) {
        this.workspace = workspace;
        this.database = database;
        this.members = members;
    }

    /** Starts so many members of one database of this schema and returns when each knows the leader. */
    public static RaftCluster start(Workspace workspace, Path schema, int size) {
        String database = workspace
                .command("ovsdb-tool", "schema-name", schema.toString())
                .output()
                .strip();
        List<OvsdbServer> members = new ArrayList<>();
        String first = "";
        for (int i = 0; i < size; i++) {
            String name = "raft" + i;
            String file = workspace.directory(name).resolve("cluster.db").toString();
            int port = Listeners.freeLoopbackPort();
            String address = "tcp:127.0.0.1:" + port;
            if (i == 0) {
                first = address;
                workspace
                        .command(
                                "ovsdb-tool", "--election-timer=1000", "create-cluster", file, schema.toString(), first)
                        .output();
            } else {
                workspace
                        .command("ovsdb-tool", "join-cluster", file, database, address, first)
                        .output();
            }
            OvsdbServer member =
                    OvsdbServer.in(workspace, name).file(Path.of(file)).tcp().start();
            if (!Waiting.until(PATIENCE, () -> Listeners.owns(member.daemon().pid(), port))) {
                throw new TestbedFailed("%s does not own its RAFT port %d:%n%s"
                        .formatted(name, port, member.daemon().logTail()));
            }
            members.add(member);
        }
        RaftCluster cluster = new RaftCluster(workspace, database, List.copyOf(members));
        IntStream.range(0, size).forEach(cluster::awaitMember);
        return cluster;
    }

    public String database() {
        return database;
    }

    public OvsdbServer member(int index) {
        return members.get(index);
    }

    public int size() {
        return members.size();
    }

    /** Where each member listens for clients, in members' order. */
    public List<String> tcpRemotes() {
        return members.stream().map(OvsdbServer::tcpRemote).toList();
    }

    public List<String> unixRemotes() {
        return members.stream().map(OvsdbServer::unixRemote).toList();
    }

    /** The member that leads; waits until there is one. */
    public int leader() {
        return Waiting.forValue(PATIENCE, this::findLeader)
                .orElseThrow(() -> new TestbedFailed("the cluster has no leader"));
    }

    private Optional<Integer> findLeader() {
        return IntStream.range(0, members.size())
                .boxed()
                .filter(index -> status(index).filter(RaftCluster::leads).isPresent())
                .findFirst();
    }

    private static boolean leads(String status) {
        return status.lines().anyMatch("Role: leader"::equals);
    }

    /** What {@code cluster/status} says; empty if the member is dead, paused or slow. */
    private Optional<String> status(int index) {
        OvsdbServer member = members.get(index);
        if (!member.daemon().alive()) {
            return Optional.empty();
        }
        Command.Result result = workspace
                .command(
                        "ovs-appctl",
                        "--timeout=2",
                        "-t",
                        member.controlSocket().toString(),
                        "cluster/status",
                        database)
                .run();
        return result.succeeded() ? Optional.of(result.stdout()) : Optional.empty();
    }

    public void kill9(int index) {
        members.get(index).kill9();
    }

    /** Starts a dead member again and returns when it is back in the cluster and knows the leader. */
    public void restart(int index) {
        members.get(index).restart();
        awaitMember(index);
    }

    private void awaitMember(int index) {
        if (!Waiting.until(
                PATIENCE, () -> status(index).filter(RaftCluster::isMember).isPresent())) {
            throw new TestbedFailed("member %d does not join: %s%n%s"
                    .formatted(
                            index,
                            status(index).orElse("no status"),
                            members.get(index).daemon().logTail()));
        }
    }

    private static boolean isMember(String status) {
        return status.lines().anyMatch("Status: cluster member"::equals)
                && status.lines().noneMatch("Leader: unknown"::equals);
    }
}
