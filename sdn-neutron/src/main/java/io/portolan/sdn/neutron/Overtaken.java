package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnFailure.Unavailable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Somebody changed what we had looked at. Whoever catches it looks again. */
final class Overtaken extends RuntimeException {
    private static final int LOOKS = 8;
    private static final long PAUSE_NANOS = 20_000_000;

    Overtaken(String message) {
        super(message);
    }

    /** Does it until nobody is faster, but not for ever. */
    static <T> T settle(String what, Supplier<T> look) {
        for (int i = 1; ; i++) {
            try {
                return look.get();
            } catch (Overtaken e) {
                if (i == LOOKS) {
                    throw new Unavailable(
                            "%s: others kept changing the same things through %d looks".formatted(what, LOOKS), e);
                }
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(PAUSE_NANOS * i));
            }
        }
    }

    static void settle(String what, Runnable look) {
        settle(what, () -> {
            look.run();
            return true;
        });
    }
}
