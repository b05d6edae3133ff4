package io.portolan.agent.cni;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Whether the node's state is rebuilt: nothing is given or taken before. */
final class Readiness {
    private final CountDownLatch rebuilt = new CountDownLatch(1);
    private volatile String waitsFor = "it has just started";

    void waitsFor(String what) {
        waitsFor = what;
    }

    void reached() {
        rebuilt.countDown();
    }

    boolean isReached() {
        return rebuilt.getCount() == 0;
    }

    String waitsFor() {
        return waitsFor;
    }

    /** @throws CniRefused with what it waits for */
    void require() {
        if (!isReached()) {
            throw CniError.NOT_AVAILABLE.because("the node agent rebuilds the node's state: " + waitsFor);
        }
    }

    void await(Duration time) {
        try {
            if (rebuilt.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw CniError.TRY_AGAIN_LATER.because("the node agent rebuilds the node's state: " + waitsFor);
    }
}
