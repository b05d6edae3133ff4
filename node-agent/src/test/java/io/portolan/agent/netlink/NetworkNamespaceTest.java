package io.portolan.agent.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkNamespaceTest {
    @Test
    void twoPathsToOneNamespaceHaveOneIdentity() {
        try (TestingNamespace there = TestingNamespace.create();
                NetworkNamespace first = there.open();
                NetworkNamespace second = there.open();
                NetworkNamespace here = NetworkNamespace.current()) {
            assertThat(first.identity()).isEqualTo(second.identity()).isNotEqualTo(here.identity());
            assertThat(NetworkNamespace.identityAt(there.path())).contains(first.identity());
            assertThat(NetworkNamespace.identityAt(Path.of("/proc/self/ns/net")))
                    .contains(here.identity());
        }
    }

    @Test
    void aPathThatIsNotThereIsMissing() {
        Path nowhere = Path.of("/run/netns/there-is-no-such-namespace");

        assertRefused(nowhere, NamespaceRefused.Reason.MISSING);
        assertThat(NetworkNamespace.identityAt(nowhere)).isEmpty();
    }

    @Test
    void whatIsNoNetworkNamespaceIsRefused(@TempDir Path directory) throws IOException {
        assertRefused(
                Files.writeString(directory.resolve("file"), "x"), NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE);
        assertRefused(directory, NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE);
        assertRefused(Path.of("/dev/null"), NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE);
        assertRefused(Path.of("/proc/self/ns/mnt"), NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE);
    }

    @Test
    void aPipeIsRefusedWithoutWaitingForItsOtherEnd(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertRefused(pipe, NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE);
    }

    @Test
    void aNamespaceWhosePathGoesAwayStaysUsableWhileItIsOpen() {
        TestingNamespace there = TestingNamespace.create();
        try (there;
                NetworkNamespace open = there.open()) {
            there.close();

            try (Netlink netlink = Netlink.in(open)) {
                assertThat(netlink.links()).extracting(Link::name).contains("lo");
            }
            assertRefused(there.path(), NamespaceRefused.Reason.MISSING);
        }
    }

    @Test
    void aClosedNamespaceIsNotEntered() {
        try (TestingNamespace there = TestingNamespace.create()) {
            NetworkNamespace open = there.open();
            open.close();
            open.close();

            assertThatThrownBy(() -> Netlink.in(open)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void noThreadIsLeftInAnotherNamespace() throws IOException {
        try (TestingNamespace there = TestingNamespace.create();
                NetworkNamespace open = there.open();
                Netlink netlink = Netlink.in(open)) {
            assertThat(netlink.links()).isNotEmpty();
            try (NetworkNamespace here = NetworkNamespace.current()) {
                // The kernel lists a thread for a moment after Java has seen it end.
                await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertAllThreadsAreIn(here));
            }
        }
    }

    private static void assertAllThreadsAreIn(NetworkNamespace here) throws IOException {
        try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                NetworkNamespace.identityAt(thread.resolve("ns/net"))
                        .ifPresent(identity -> assertThat(identity).isEqualTo(here.identity()));
            }
        }
    }

    private static void assertRefused(Path path, NamespaceRefused.Reason reason) {
        assertThatThrownBy(() -> NetworkNamespace.open(path).close())
                .isInstanceOfSatisfying(NamespaceRefused.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(reason);
                    assertThat(refusal.path()).isEqualTo(path);
                    assertThat(refusal).hasMessageContaining(path.toString());
                });
    }
}
