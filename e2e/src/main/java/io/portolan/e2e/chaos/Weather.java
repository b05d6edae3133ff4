package io.portolan.e2e.chaos;

import io.portolan.e2e.chaos.Fault.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What will happen: drawn whole before it begins, so that the seed says it all. */
final class Weather {
    /** Between two faults, in the mean. */
    static final Duration PACE = Duration.ofMillis(1_150);

    /** A process that was killed comes up and does something before it is killed again. */
    private static final Duration REST = Duration.ofSeconds(6);

    private Weather() {}

    /** In the order in which they happen. None happens to who suffers already. */
    static List<Fault> drawn(long seed, Duration length, List<? extends Victim> victims) {
        Random random = new Random(seed);
        Map<Victim, Duration> busy = new HashMap<>();
        List<Fault> faults = new ArrayList<>();
        Duration at = Duration.ZERO;
        while (true) {
            at = at.plusMillis((long) (-Math.log(1 - random.nextDouble()) * PACE.toMillis()));
            if (at.compareTo(length) >= 0) {
                return List.copyOf(faults);
            }
            Kind kind = Kind.drawn(random.nextInt(100));
            Duration now = at;
            List<? extends Victim> free = victims.stream()
                    .filter(victim -> victim.suffers(kind))
                    .filter(victim -> busy.getOrDefault(victim, Duration.ZERO).compareTo(now) <= 0)
                    .toList();
            Duration lasts = Duration.ofMillis(kind == Kind.KILL ? random.nextInt(1_500) : 500 + random.nextInt(7_500));
            int which = random.nextInt(Integer.MAX_VALUE);
            if (!free.isEmpty()) {
                Victim victim = free.get(which % free.size());
                faults.add(new Fault(at, kind, victim, lasts));
                busy.put(victim, at.plus(lasts).plus(REST));
            }
        }
    }
}
