package io.portolan.testbed;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Where the programs are, and which Debian package has one that is missing. */
final class Programs {
    private static final Map<String, String> PACKAGES = Map.ofEntries(
            Map.entry("ovsdb-server", "openvswitch-common"),
            Map.entry("ovsdb-tool", "openvswitch-common"),
            Map.entry("ovsdb-client", "openvswitch-common"),
            Map.entry("ovs-appctl", "openvswitch-common"),
            Map.entry("ovs-ofctl", "openvswitch-common"),
            Map.entry("ovs-vsctl", "openvswitch-switch"),
            Map.entry("ovs-vswitchd", "openvswitch-switch"),
            Map.entry("ovn-northd", "ovn-central"),
            Map.entry("ovn-controller", "ovn-host"),
            Map.entry("ovn-nbctl", "ovn-common"),
            Map.entry("ovn-sbctl", "ovn-common"),
            Map.entry("ovn-appctl", "ovn-common"),
            Map.entry("ethtool", "ethtool"),
            Map.entry("ip", "iproute2"),
            Map.entry("ping", "iputils-ping"),
            Map.entry("sysctl", "procps"),
            Map.entry("kill", "procps"),
            Map.entry("setsid", "util-linux"),
            Map.entry("/usr/bin/python3", "python3"),
            Map.entry("mariadbd", "mariadb-server-core"),
            Map.entry("mariadb-install-db", "mariadb-server-core"),
            Map.entry("mariadb", "mariadb-client-core"),
            Map.entry("/usr/bin/keystone-manage", "keystone"),
            Map.entry("/usr/bin/neutron-server", "neutron-server"),
            Map.entry("/usr/bin/neutron-db-manage", "neutron-common"),
            Map.entry("/usr/bin/octavia-db-manage", "octavia-common"));

    private static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin");
    private static final Map<String, String> FOUND = new ConcurrentHashMap<>();

    private Programs() {}

    /** The absolute path of a program; administrators' directories count even if they are not on the PATH. */
    static String locate(String program) {
        return FOUND.computeIfAbsent(program, Programs::search);
    }

    private static String search(String program) {
        if (program.contains("/")) {
            return runnable(Path.of(program)).orElseThrow(() -> missing(program));
        }
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.concat(Stream.of(path.split(":")), SYSTEM_DIRECTORIES.stream())
                .filter(directory -> !directory.isEmpty())
                .flatMap(directory -> runnable(Path.of(directory, program)).stream())
                .findFirst()
                .orElseThrow(() -> missing(program));
    }

    private static Optional<String> runnable(Path file) {
        return Files.isExecutable(file) && !Files.isDirectory(file) ? Optional.of(file.toString()) : Optional.empty();
    }

    private static TestbedFailed missing(String program) {
        String from = PACKAGES.get(program);
        return new TestbedFailed(
                "%s is not installed%s".formatted(program, from == null ? "" : ": it is in Debian's package " + from));
    }
}
