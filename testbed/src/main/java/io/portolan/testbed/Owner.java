package io.portolan.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** A process that can be told from a later one with the same pid, by its start time in clock ticks since the boot. */
record Owner(long pid, long startTime) {
    static Owner current() {
        long pid = ProcessHandle.current().pid();
        return new Owner(
                pid, startTime(pid).orElseThrow(() -> new TestbedFailed("cannot read this process's start time")));
    }

    boolean alive() {
        OptionalLong found = startTime(pid);
        return found.isPresent() && found.getAsLong() == startTime;
    }

    private static OptionalLong startTime(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            // The second field is the program's name, which may hold spaces and parentheses; the 22nd is the start
            // time.
            String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            boolean dead = afterName[0].equals("Z") || afterName[0].equals("X");
            return dead ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(afterName[19]));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
