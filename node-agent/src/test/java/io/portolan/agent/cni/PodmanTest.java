package io.portolan.agent.cni;

import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.TestingNetwork;
import io.portolan.agent.wiring.TestingOverlay;
import io.portolan.testbed.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A caller that somebody else wrote: podman starts containers on our network. Needs podman, runc and busybox-static. */
class PodmanTest {
    private static final String NETWORK = """
            {"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"portolan-cni"}]}
            """;

    private TestingOverlay overlay;
    private Path home;

    @Test
    void aContainerOfPodmanGetsAPortReachesItsGatewayAndGivesItBack() throws IOException {
        for (String program : List.of("/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox")) {
            assertThat(Path.of(program))
                    .as("this test needs podman, runc and busybox-static")
                    .isExecutable();
        }
        try (TestingOverlay started = new TestingOverlay()) {
            overlay = started;
            home = overlay.workspace().directory("podman");
            try (TestingNode node = new TestingNode(overlay, 1, given -> given)) {
                run(node);
            } finally {
                removeControlGroups();
            }
        }
    }

    private void run(TestingNode node) throws IOException {
        List<Plug> ports = node.lease(12);
        node.awaitPlumbed(8);
        Files.createDirectories(home.resolve("bin"));
        Files.createDirectories(home.resolve("net.d"));
        // What cleans up after a container does not inherit podman's environment.
        Path plugin = Files.writeString(
                home.resolve("bin/portolan-cni"),
                "#!/bin/sh\nPORTOLAN_CNI_SOCKET=%s PORTOLAN_CNI_QUEUE=%s exec %s\n"
                        .formatted(
                                node.socket(),
                                node.socket().resolveSibling("state").resolve("cni-queue"),
                                CniProgram.executable()));
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwx------"));
        Files.writeString(home.resolve("net.d/pods.conflist"), NETWORK);
        Files.writeString(home.resolve("containers.conf"), """
                [containers]
                default_ulimits=["nofile=20000:20000","nproc=10000:10000"]
                [engine]
                cgroup_manager="cgroupfs"
                events_logger="file"
                runtime="runc"
                [network]
                network_backend="cni"
                cni_plugin_dirs=["%1$s/bin"]
                network_config_dir="%1$s/net.d"
                """.formatted(home));
        Path root = Files.createDirectories(home.resolve("image/bin"));
        Files.copy(Path.of("/bin/busybox"), root.resolve("busybox"));
        command(
                        "tar",
                        "-C",
                        home.resolve("image").toString(),
                        "-cf",
                        home.resolve("image.tar").toString(),
                        ".")
                .output();
        podman("import", home.resolve("image.tar").toString(), "busybox").output();

        String shown = podman(
                        "run",
                        "--rm",
                        "--cgroup-parent=/" + controlGroup(),
                        "--network",
                        "pods",
                        "busybox",
                        "/bin/busybox",
                        "ip",
                        "addr")
                .output();
        assertThat(shown).contains("10.128.1.", "/24", "0a:58:0a:80:01");
        assertThat(podman(
                                "run",
                                "--rm",
                                "--cgroup-parent=/" + controlGroup(),
                                "--network",
                                "pods",
                                "busybox",
                                "/bin/busybox",
                                "ping",
                                "-c",
                                "1",
                                "-W",
                                "5",
                                "10.128.1.1")
                        .output())
                .contains("1 packets received");
        String fixed = TestingNetwork.ip(ports.getLast());
        assertThat(podman(
                                "run",
                                "--rm",
                                "--cgroup-parent=/" + controlGroup(),
                                "--network",
                                "pods",
                                "--ip",
                                fixed,
                                "busybox",
                                "/bin/busybox",
                                "ip",
                                "addr")
                        .output())
                .contains(fixed + "/24");
        assertThat(podman(
                                "run",
                                "--rm",
                                "--cgroup-parent=/" + controlGroup(),
                                "--network",
                                "pods",
                                "--ip",
                                "192.0.2.7",
                                "busybox",
                                "/bin/busybox")
                        .run()
                        .stderr())
                .contains("is no free port of this node");
        await().atMost(PATIENCE).until(() -> node.cache().attachments().isEmpty());
        node.assertNoOrphans();
    }

    private String controlGroup() {
        return overlay.workspace().instance() + "-podman";
    }

    /** podman leaves a container's parents behind, empty. */
    private void removeControlGroups() throws IOException {
        try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
            for (Path hierarchy : Stream.concat(Stream.of(Path.of("/sys/fs/cgroup")), hierarchies)
                    .toList()) {
                Path group = hierarchy.resolve(controlGroup());
                if (Files.isDirectory(group)) {
                    removeTree(group);
                }
            }
        }
    }

    private static void removeTree(Path group) throws IOException {
        try (Stream<Path> tree = Files.walk(group)) {
            for (Path directory : tree.filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList()) {
                Files.delete(directory);
            }
        }
    }

    private Command podman(String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                "podman",
                "--root=" + home.resolve("root"),
                "--runroot=" + home.resolve("run"),
                "--tmpdir=" + home.resolve("tmp"),
                "--storage-driver=vfs"));
        all.addAll(List.of(arguments));
        return command(all.toArray(String[]::new))
                .environment("CONTAINERS_CONF", home.resolve("containers.conf").toString())
                .within(Duration.ofSeconds(60));
    }

    private Command command(String... arguments) {
        return overlay.workspace().command(arguments);
    }
}
