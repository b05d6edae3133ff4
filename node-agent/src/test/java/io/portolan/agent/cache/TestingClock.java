package io.portolan.agent.cache;

import java.time.Duration;
import java.time.Instant;

/** Both clocks of a machine, in the hands of a test. */
public final class TestingClock implements NodeClock {
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");
    private Uptime uptime = new Uptime("boot-1", Duration.ofHours(1));

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public synchronized Uptime uptime() {
        return uptime;
    }

    public synchronized void pass(Duration time) {
        now = now.plus(time);
        uptime = new Uptime(uptime.boot(), uptime.length().plus(time));
    }

    /** Somebody sets the wall clock. */
    public synchronized void jump(Duration distance) {
        now = now.plus(distance);
    }

    public synchronized void reboot(String boot) {
        uptime = new Uptime(boot, Duration.ofSeconds(20));
    }
}
