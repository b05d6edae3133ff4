package io.portolan.testbed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A network namespace of a workspace, with loopback up and one clock for all TCP timestamps, otherwise as the kernel makes it.
 *
 * <p>Behind two balanced addresses a server sees one client port twice within a minute, and takes the second connection only
 * if its timestamp is later than the first's. With the kernel's default, each connection's clock begins anywhere.
 */
public final class Namespace implements AutoCloseable {
    private static final Path DIRECTORY = Path.of("/run/netns");

    private final Workspace workspace;
    private final String name;
    private boolean gone;

    private Namespace(Workspace workspace, String name) {
        this.workspace = workspace;
        this.name = name;
    }

    /** Makes {@code <instance>-<label>}; it is deleted with the workspace at the latest. */
    public static Namespace create(Workspace workspace, String label) {
        if (!label.matches("[a-z0-9][a-z0-9-]{0,30}")) {
            throw new IllegalArgumentException("not a label for a namespace: " + label);
        }
        Namespace namespace = new Namespace(workspace, workspace.instance() + "-" + label);
        workspace.journal().make(Journal.Entry.namespace(namespace.name), () -> {
            workspace.command("ip", "netns", "add", namespace.name).output();
        });
        workspace.own(namespace);
        namespace.ip("link set lo up");
        namespace.sysctl("net.ipv4.tcp_timestamps=2");
        return namespace;
    }

    public String name() {
        return name;
    }

    /** What a container runtime would pass as {@code CNI_NETNS}. */
    public Path path() {
        return DIRECTORY.resolve(name);
    }

    public Command command(String... arguments) {
        return workspace.command(arguments).inside(this);
    }

    /** Runs a command inside to its successful end and returns its standard output. */
    public String exec(String... arguments) {
        return command(arguments).output();
    }

    /** Runs several {@code ip} commands inside, each without the leading word {@code ip}, by one process. */
    public void ip(String... lines) {
        workspace
                .command("ip", "-n", name, "-batch", "-")
                .input(String.join("\n", lines) + "\n")
                .output();
    }

    /** What a namespace with a switch in it needs. */
    void prepareForSwitching() {
        sysctl(
                "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1",
                // A raw socket does not take frames from the kernel: without these two, the plain NIC below a bridge
                // answers ARP for the bridge's address too, with the wrong hardware address.
                "net.ipv4.conf.all.arp_ignore=1",
                "net.ipv4.conf.all.arp_announce=2");
    }

    private void sysctl(String... settings) {
        List<String> arguments = new ArrayList<>(List.of("sysctl", "-qw"));
        arguments.addAll(List.of(settings));
        command(arguments.toArray(String[]::new)).output();
    }

    /**
     * Turns an interface's offloads off. The userspace datapath reads raw sockets, where a frame whose checksum the
     * sender left to the hardware arrives with a wrong one: ping works and TCP hangs.
     */
    public void withoutOffloads(String device) {
        exec("ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "gro", "off");
    }

    /** Kills what still runs inside and deletes the namespace with every interface in it. Idempotent. */
    @Override
    public synchronized void close() {
        if (!gone) {
            Leftovers.removeNamespace(name);
            workspace.journal().gone(Journal.Entry.namespace(name));
            gone = true;
        }
    }
}
