package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspaceTest {
    private Path root;

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createTempDirectory(Path.of("/run"), "tbtest");
    }

    @AfterEach
    void removeRoot() {
        Workspace.under(root).forEach(Workspace::sweep);
        Leftovers.deleteTree(root);
    }

    @Test
    void closingLeavesNoProcessNamespaceOrFile() {
        Workspace workspace = Workspace.create(root);
        Namespace namespace = Namespace.create(workspace, "a");
        Daemon daemon = workspace
                .daemon("sleeper", "bash", "-c", "sleep 600 & exec sleep 600")
                .inside(namespace)
                .start();
        assertThat(namespace.path()).exists();

        workspace.close();
        workspace.close();

        assertThat(daemon.alive()).isFalse();
        assertNothingIsLeft(workspace.directory(), List.of(namespace.path()));
        assertThatThrownBy(() -> workspace.command("true").run()).hasMessageContaining("is closed");
    }

    @Test
    void aKilledOwnersLeftoversAreSweptAndALivingOnesAreNot() throws IOException {
        Workspace living = Workspace.create(root);
        Namespace namespace = Namespace.create(living, "a");
        try (TestingOwner owner = TestingOwner.start(root)) {
            assertThat(Workspace.sweepAll(root)).isEmpty();

            owner.kill9();
            List<Path> made = owner.made();
            assertThat(made).hasSize(4).allSatisfy(path -> assertThat(path).exists());
            assertThat(Leftovers.marked(owner.directory())).isNotEmpty();

            assertThat(Workspace.sweepAll(root)).containsExactly(owner.directory());
            assertNothingIsLeft(owner.directory(), made);
            assertThat(Workspace.sweepAll(root)).isEmpty();
            assertThat(namespace.path()).exists();
        } finally {
            living.close();
        }
    }

    @Test
    void anOwnerThatIsAskedToEndClosesItsTestbedItself() throws IOException {
        try (TestingOwner owner = TestingOwner.start(root)) {
            List<Path> made = owner.made();
            Workspace.takeDown(owner.directory(), Duration.ofSeconds(60));
            assertThat(owner.exitCode()).isEqualTo(143);
            assertNothingIsLeft(owner.directory(), made);
        }
    }

    @Test
    void ctrlCReachesTheOwnerOnlyWhichClosesInOrder() throws IOException {
        try (TestingOwner owner = TestingOwner.start(root)) {
            List<Path> made = owner.made();
            owner.interruptGroup();
            assertThat(owner.exitCode()).isEqualTo(130);
            assertNothingIsLeft(owner.directory(), made);
        }
    }

    /** The journal's lines are the owner, the fabric's namespace, its link, the node's and the pod's namespace. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void anOwnerThatIsKilledInTheActLeavesNothingThatIsNotSwept(int lines) throws IOException {
        try (TestingOwner owner = TestingOwner.startUntilJournalHas(root, lines)) {
            owner.kill9();
            List<Path> made = owner.made();
            assertThat(Workspace.sweepAll(root)).containsExactly(owner.directory());
            assertNothingIsLeft(owner.directory(), made);
        }
    }

    @Test
    void severalTestbedsRunAtOnce() throws IOException {
        try (TestingOwner one = TestingOwner.start(root);
                TestingOwner two = TestingOwner.start(root)) {
            assertThat(one.made()).hasSize(4).doesNotContainAnyElementsOf(two.made());
            one.kill9();
            assertThat(Workspace.sweepAll(root)).containsExactly(one.directory());
            assertThat(two.made())
                    .hasSize(4)
                    .allSatisfy(path -> assertThat(path).exists());
            assertThat(Leftovers.marked(two.directory())).isNotEmpty();
        }
    }

    @Test
    @Timeout(60)
    void closingWhileAnotherThreadStartsDaemonsEndsBoth() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            Workspace workspace = Workspace.create(root);
            CountDownLatch started = new CountDownLatch(5);
            Thread starter = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 10_000; i++) {
                        workspace.daemon("d" + i, "sleep", "600").start();
                        started.countDown();
                    }
                } catch (TestbedFailed closed) {
                    return;
                }
            });
            started.await();
            workspace.close();
            starter.join();
            assertNothingIsLeft(workspace.directory(), List.of());
        }
    }

    @Test
    void aNameThatIsTakenIsRefusedAndStaysWithItsHolder() {
        try (Workspace workspace = Workspace.create(root)) {
            Namespace holder = Namespace.create(workspace, "a");
            assertThatThrownBy(() -> Namespace.create(workspace, "a")).isInstanceOf(IllegalStateException.class);
            assertThat(workspace.journal().entries("netns")).containsExactly(Journal.Entry.namespace(holder.name()));
            holder.close();
            assertThat(Namespace.create(workspace, "a").path()).exists();
        }
    }

    @Test
    void aRecycledPidIsNotTakenForTheOwner() {
        assertThat(Owner.current().alive()).isTrue();
        assertThat(new Owner(Owner.current().pid(), Owner.current().startTime() + 1).alive())
                .isFalse();
    }

    @Test
    void theJournalForgetsWhatIsGoneAndDoubtsATornLine() throws IOException {
        Journal journal = Journal.begin(root);
        Journal.Entry first = Journal.Entry.namespace("first");
        Journal.Entry second = Journal.Entry.namespace("second");
        journal.make(first, () -> {});
        journal.make(second, () -> {});
        journal.gone(first);
        Files.writeString(root.resolve("journal"), "netns thi", StandardOpenOption.APPEND);
        assertThat(journal.entries("netns")).containsExactly(second);
        assertThat(journal.owner()).contains(Owner.current());
    }

    @Test
    void aRootWhosePathIsTooLongForSocketsIsRefused() {
        assertThatThrownBy(() -> Workspace.create(root.resolve("x".repeat(60))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too long");
    }

    private static void assertNothingIsLeft(Path directory, List<Path> made) {
        assertThat(directory).doesNotExist();
        assertThat(Leftovers.marked(directory)).isEmpty();
        assertThat(made).allSatisfy(path -> assertThat(path).doesNotExist());
    }
}
