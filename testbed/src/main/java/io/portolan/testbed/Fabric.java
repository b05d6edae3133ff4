package io.portolan.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The cables of a testbed: two bridges in a namespace of their own, which join its hosts.
 *
 * <p>The management network, a /24 out of 198.18.0.0/15 that no other testbed has, reaches from the root namespace, where
 * the services run, to plain interfaces of the hosts. The underlay for the tunnels, 192.0.2.0/24, is closed. They are
 * apart so that a host whose switch is dead still reaches the services. Which /24 is ours is decided by the kernel: its
 * number is part of the name of the link in the root namespace.
 */
public final class Fabric implements AutoCloseable {
    /** The two ends that a host has. */
    record Addresses(String management, String tunnel) {}

    static final String MANAGEMENT_DEVICE = "mgmt0";
    static final String UNDERLAY_DEVICE = "eth0";

    private static final int NETWORKS = 512;
    private static final int MOST_HOSTS = 250;

    private final Workspace workspace;
    private final Namespace namespace;
    private final Journal.Entry uplink;
    private final int number;
    private final AtomicInteger hosts = new AtomicInteger();

    private Fabric(Workspace workspace, Namespace namespace, Journal.Entry uplink, int number) {
        this.workspace = workspace;
        this.namespace = namespace;
        this.uplink = uplink;
        this.number = number;
    }

    public static Fabric create(Workspace workspace) {
        Namespace namespace = Namespace.create(workspace, "fabric");
        namespace.prepareForSwitching();
        namespace.ip(
                "link add mgmt type bridge",
                "link set mgmt up",
                "link add underlay type bridge",
                "link set underlay up");
        int first = ThreadLocalRandom.current().nextInt(NETWORKS);
        for (int attempt = 0; attempt < NETWORKS; attempt++) {
            int number = (first + attempt) % NETWORKS;
            Journal.Entry uplink = Journal.Entry.link("ptl" + number, randomHardwareAddress());
            if (!isRouted(number) && addUplink(workspace, namespace, uplink)) {
                Fabric fabric = workspace.own(new Fabric(workspace, namespace, uplink, number));
                fabric.raiseUplink();
                return fabric;
            }
        }
        throw new TestbedFailed("every /24 of 198.18.0.0/15 is in use on this machine");
    }

    /** Whether it worked; not if another testbed has the name. */
    private static boolean addUplink(Workspace workspace, Namespace namespace, Journal.Entry uplink) {
        try {
            workspace
                    .journal()
                    .make(
                            uplink,
                            () -> workspace
                                    .command(
                                            "ip",
                                            "link",
                                            "add",
                                            uplink.name(),
                                            "address",
                                            uplink.detail(),
                                            "type",
                                            "veth",
                                            "peer",
                                            "name",
                                            "root",
                                            "netns",
                                            namespace.name())
                                    .output());
            return true;
        } catch (Command.Failed e) {
            if (e.stderr().contains("File exists")) {
                return false;
            }
            throw e;
        }
    }

    private void raiseUplink() {
        namespace.ip("link set root master mgmt up");
        workspace
                .command("ip", "-batch", "-")
                .input("addr add %s/24 dev %s\nlink set %s up\n".formatted(rootAddress(), uplink.name(), uplink.name()))
                .output();
    }

    private static String randomHardwareAddress() {
        byte[] bytes = new byte[5];
        ThreadLocalRandom.current().nextBytes(bytes);
        return "02:" + HexFormat.ofDelimiter(":").formatHex(bytes);
    }

    /** Whether the machine has a route, other than the default, that overlaps the network. */
    private static boolean isRouted(int number) {
        int network = (198 << 24) | ((18 << 16) + (number << 8));
        try {
            return Files.readAllLines(Path.of("/proc/net/route")).stream()
                    .skip(1)
                    .map(line -> line.split("\t"))
                    .anyMatch(field -> {
                        int destination = Integer.reverseBytes(Integer.parseUnsignedInt(field[1], 16));
                        int mask = Integer.reverseBytes(Integer.parseUnsignedInt(field[7].strip(), 16));
                        return mask != 0 && ((destination ^ network) & mask & 0xFFFFFF00) == 0;
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of the root namespace on the management network: where services listen for the hosts. */
    public String rootAddress() {
        return management(254);
    }

    private String management(int host) {
        return String.format(Locale.ROOT, "198.%d.%d.%d", 18 + number / 256, number % 256, host);
    }

    /** Gives a host a plain management interface that is up, and an underlay interface that is up without address. */
    Addresses attach(Namespace host) {
        int index = attachManagement(host);
        namespace.ip(
                "link add u%d type veth peer name %s netns %s".formatted(index, UNDERLAY_DEVICE, host.name()),
                "link set u%d master underlay up".formatted(index));
        host.ip("link set %s up".formatted(UNDERLAY_DEVICE));
        host.withoutOffloads(UNDERLAY_DEVICE);
        return new Addresses(management(index), "192.0.2." + index);
    }

    /** Gives a host that has no part in the tunnels a plain management interface that is up; returns its address. */
    String attachToManagement(Namespace host) {
        return management(attachManagement(host));
    }

    private int attachManagement(Namespace host) {
        int index = hosts.incrementAndGet();
        if (index > MOST_HOSTS) {
            throw new IllegalStateException("a fabric joins at most %d hosts".formatted(MOST_HOSTS));
        }
        namespace.ip(
                "link add m%d type veth peer name %s netns %s".formatted(index, MANAGEMENT_DEVICE, host.name()),
                "link set m%d master mgmt up".formatted(index));
        host.ip(
                "addr add %s/24 dev %s".formatted(management(index), MANAGEMENT_DEVICE),
                "link set %s up".formatted(MANAGEMENT_DEVICE));
        return index;
    }

    @Override
    public void close() {
        Leftovers.removeLink(uplink.name(), uplink.detail());
        workspace.journal().gone(uplink);
    }
}
