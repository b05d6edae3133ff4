package io.portolan.agent.wiring;

import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Namespace;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A real OVN with nodes on it and ports for their pods: what the control plane would have made, in either mode. */
public interface TestingNetwork extends AutoCloseable {
    Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * Where an agent runs.
     *
     * @param chassis in overlay mode
     * @param parentPort in underlay mode
     * @param vsctl runs {@code ovs-vsctl} on its switch
     */
    record Host(
            String name,
            Path directory,
            Namespace namespace,
            OvsdbServer ovsdb,
            Daemon vswitch,
            Path switchControl,
            @Nullable String chassis,
            @Nullable String parentPort,
            Function<String[], String> vsctl) {
        public String vsctl(String... arguments) {
            return vsctl.apply(arguments);
        }
    }

    Workspace workspace();

    /** 1 or 2. */
    Host host(int number);

    /** New ports for pods of a node, in one transaction. */
    List<Plug> ports(int node, int count);

    WiringProperties settings(int node);

    default PodSandbox sandbox() {
        return PodSandbox.create(
                workspace(), "pod-" + UUID.randomUUID().toString().substring(0, 8));
    }

    default OvsdbClient openVSwitch(int node) {
        return OvsdbClient.open(OvsdbOptions.of(host(node).ovsdb().unixRemote(), "Open_vSwitch"));
    }

    /** The veths of ours in a node's namespace. */
    default List<String> veths(int node) {
        return Arrays.stream(host(node).namespace().exec("ls", "/sys/class/net").split("\\s+"))
                .filter(name -> name.matches("p[np][0-9a-f]{10}[0-9a-z]{3}"))
                .sorted()
                .toList();
    }

    /** The interfaces in a node's switch that bear our mark. */
    default List<String> switchPorts(int node) {
        return host(node)
                .vsctl("--bare", "--columns=name,external_ids", "--format=csv", "list", "Interface")
                .lines()
                .filter(line -> line.contains(SwitchPorts.MARK))
                .map(line -> line.substring(0, line.indexOf(',')))
                .sorted()
                .toList();
    }

    static String ip(Plug plug) {
        return plug.addresses().getFirst().address().toString();
    }

    @Override
    default void close() {
        workspace().close();
    }
}
