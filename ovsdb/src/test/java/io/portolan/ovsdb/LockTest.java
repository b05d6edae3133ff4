package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LockTest {

    private final Workspace workspace = Workspace.create();
    private final OvsdbServer server = Harbour.server(workspace).start();
    private final OvsdbClient first = Harbour.connect(server);
    private final OvsdbClient second = Harbour.connect(server);

    @AfterEach
    void stop() {
        first.close();
        second.close();
        workspace.close();
    }

    @Test
    void theSecondGetsTheLockWhenTheFirstGivesItUp() throws Exception {
        OvsdbLock one = held(first);
        OvsdbLock two = second.lock("pilot");
        assertThat(two.isHeld()).isFalse();
        first.transact(Operation.assertLock("pilot"));
        notOwner(second);

        one.close();
        assertThat(two.awaitHeld(Harbour.PATIENCE)).isTrue();
        second.transact(Operation.assertLock("pilot"), Operation.insert("Ship", Harbour.ship("a")));
        notOwner(first);
    }

    @Test
    void theSecondGetsTheLockWhenTheFirstGoesAway() throws Exception {
        held(first);
        OvsdbLock two = second.lock("pilot");
        first.close();
        assertThat(two.awaitHeld(Harbour.PATIENCE)).isTrue();
    }

    @Test
    void aStolenLockComesBackWhenTheThiefIsDone() throws Exception {
        List<Boolean> told = new CopyOnWriteArrayList<>();
        OvsdbLock one = first.lock("pilot", told::add);
        assertThat(one.awaitHeld(Harbour.PATIENCE)).isTrue();
        OvsdbLock two = second.lock("pilot");

        two.steal();
        assertThat(two.isHeld()).isTrue();
        await().atMost(Harbour.PATIENCE).until(() -> !one.isHeld());
        notOwner(first);

        two.close();
        assertThat(one.awaitHeld(Harbour.PATIENCE)).isTrue();
        await().atMost(Harbour.PATIENCE).until(() -> told.equals(List.of(true, false, true)));
    }

    @Test
    void aLockIsLostWithTheConnectionAndAskedForAgainAfterwards() throws Exception {
        List<Boolean> told = new CopyOnWriteArrayList<>();
        OvsdbLock lock = first.lock("pilot", told::add);
        assertThat(lock.awaitHeld(Harbour.PATIENCE)).isTrue();
        server.kill9();
        await().atMost(Harbour.PATIENCE).until(() -> !lock.isHeld());
        server.start();
        assertThat(lock.awaitHeld(Harbour.PATIENCE)).isTrue();
        first.transact(Operation.assertLock("pilot"));
        await().atMost(Harbour.PATIENCE).until(() -> told.equals(List.of(true, false, true)));
    }

    @Test
    void aClientAsksForALockOnce() throws Exception {
        OvsdbLock lock = held(first);
        assertThatThrownBy(() -> first.lock("pilot")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> first.lock("not a name")).isInstanceOf(IllegalArgumentException.class);
        lock.close();
        held(first);
        assertThat(first.counters().connects()).isEqualTo(1);
    }

    @Test
    void aLockThatIsNeverFreeIsNotWaitedForForEver() throws Exception {
        held(first);
        assertThat(second.lock("pilot").awaitHeld(Duration.ofMillis(200))).isFalse();
    }

    private static OvsdbLock held(OvsdbClient client) throws InterruptedException {
        OvsdbLock lock = client.lock("pilot");
        assertThat(lock.awaitHeld(Harbour.PATIENCE)).isTrue();
        return lock;
    }

    private static void notOwner(OvsdbClient client) {
        assertThatThrownBy(() -> client.transact(Operation.assertLock("pilot")))
                .isInstanceOfSatisfying(
                        OvsdbException.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(OvsdbException.Reason.NOT_OWNER));
    }
}
