package io.portolan.ipam.upkeep;

import io.portolan.ipam.Replica;
import java.time.LocalDate;

/** Does a replica's chores now instead of waiting for its loop. */
public final class Chores {
    private Chores() {}

    /** @return how many ports cooled down */
    public static int coolDown(Replica replica) {
        return replica.bean(Upkeep.class).coolDown();
    }

    static void keepHistory(Replica replica, LocalDate today) {
        replica.bean(Upkeep.class).keepHistory(today);
    }
}
