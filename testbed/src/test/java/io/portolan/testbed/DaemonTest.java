package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DaemonTest {
    private final Workspace workspace = Workspace.create();

    @AfterEach
    void close() {
        workspace.close();
    }

    @Test
    void aDaemonThatEndsBeforeItIsReadyIsReportedWithTheEndOfItsLog() {
        assertThatThrownBy(() -> workspace
                        .daemon("doomed", "bash", "-c", "echo no such luck; exit 3")
                        .readyWhen("sings", daemon -> false)
                        .start())
                .isInstanceOf(TestbedFailed.class)
                .hasMessageContaining("status 3 before it sings")
                .hasMessageContaining("no such luck");
    }

    @Test
    void aDaemonThatIsNotReadyInTimeIsKilled() {
        Daemon.Plan plan = workspace
                .daemon("late", "sleep", "600")
                .readyWhen("sings", daemon -> false)
                .readyWithin(Duration.ofMillis(100));
        assertThatThrownBy(plan::start).isInstanceOf(TestbedFailed.class).hasMessageContaining("late sings");
        assertThat(Waiting.until(
                        Duration.ofSeconds(10),
                        () -> Leftovers.marked(workspace.directory()).isEmpty()))
                .isTrue();
    }

    @Test
    void aStoppedDaemonMayTidyUpAndAPausedOneToo() {
        Daemon daemon = workspace
                .daemon("tidy", "bash", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done")
                .readyWhen("is up", starting -> starting.logTail().contains("up"))
                .start();
        daemon.pause();
        daemon.stop();
        assertThat(daemon.alive()).isFalse();
        assertThat(daemon.logTail()).isEqualTo("up\nbye");
    }

    @Test
    void aRestartedDaemonHasAnotherPidAndTheSameLog() {
        Daemon daemon = workspace
                .daemon("again", "bash", "-c", "echo life; exec sleep 600")
                .readyWhen("lives", starting -> starting.logTail().contains("life"))
                .grace(Duration.ZERO)
                .start();
        long first = daemon.pid();
        daemon.restart();
        assertThat(daemon.pid()).isNotEqualTo(first);
        assertThat(Waiting.until(Duration.ofSeconds(10), () -> daemon.logTail().equals("life\nlife")))
                .isTrue();
    }

    @Test
    void aCommandSaysWhatItWasWhyItFailedAndWhichPackageItIsMissing() {
        assertThatThrownBy(() -> workspace
                        .command("bash", "-c", "echo wrong >&2; exit 7")
                        .output())
                .isInstanceOfSatisfying(
                        Command.Failed.class,
                        failed -> assertThat(failed.exitCode()).isEqualTo(7))
                .hasMessageContaining("wrong");
        assertThatThrownBy(() -> workspace
                        .command("sleep", "600")
                        .within(Duration.ofMillis(50))
                        .output())
                .isInstanceOf(Command.Failed.class)
                .hasMessageContaining("did not end within");
        assertThatThrownBy(() -> workspace.command("no-such-program").output())
                .hasMessageContaining("no-such-program is not installed");
    }
}
