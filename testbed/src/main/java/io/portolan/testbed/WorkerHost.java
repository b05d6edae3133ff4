package io.portolan.testbed;

import java.nio.file.Path;

/** What a node's agent runs on: a machine with an Open vSwitch of its own. */
public sealed interface WorkerHost permits NodeHost, VmHost {
    String name();

    Namespace namespace();

    /** The directory of its database, sockets and logs. */
    Path directory();

    /** Its address on the management network, reachable from the root namespace. */
    String managementAddress();

    /** Its own {@code ovsdb-server}: socket, control socket, kill, restart. */
    OvsdbServer ovsdb();

    /** Its own {@code ovs-vswitchd}. */
    Daemon vswitch();

    /** The socket for {@code ovs-appctl -t} to {@code ovs-vswitchd}. */
    Path switchControl();

    /** Runs a command on it to its successful end; returns its standard output. */
    default String exec(String... arguments) {
        return namespace().exec(arguments);
    }

    /** A daemon of yours on it, its log in the host's directory. */
    Daemon.Plan daemon(String label, String... arguments);

    /** Runs {@code ovs-vsctl} on its database. */
    String vsctl(String... arguments);
}
