package io.portolan.e2e.chaos;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.SmallDisk;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.postgres.PostgresPair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Who a fault is done to, and by whom it is undone. */
sealed interface Victim {
    /** Whether this kind of fault can be done to it. */
    boolean suffers(Fault.Kind kind);

    void suffer(Fault fault);

    void recover(Fault fault);

    /** A process, which an init system starts again. */
    record Program(Daemon daemon) implements Victim {
        @Override
        public boolean suffers(Fault.Kind kind) {
            return kind == Fault.Kind.KILL || kind == Fault.Kind.PAUSE;
        }

        @Override
        public void suffer(Fault fault) {
            if (fault.kind() == Fault.Kind.KILL) {
                daemon.kill9();
            } else {
                daemon.pause();
            }
        }

        @Override
        public void recover(Fault fault) {
            if (fault.kind() == Fault.Kind.KILL) {
                daemon.start();
            } else {
                daemon.resume();
            }
        }

        @Override
        public String toString() {
            return daemon.name();
        }
    }

    /** The primary, whose standby is promoted, by an operator that is never killed itself. */
    record Postgres(PostgresPair pair) implements Victim {
        @Override
        public boolean suffers(Fault.Kind kind) {
            return kind == Fault.Kind.KILL || kind == Fault.Kind.PAUSE;
        }

        @Override
        public void suffer(Fault fault) {
            if (fault.kind() == Fault.Kind.KILL) {
                pair.failOver();
            } else {
                pair.primary().pause();
            }
        }

        @Override
        public void recover(Fault fault) {
            if (fault.kind() == Fault.Kind.KILL) {
                pair.rejoin();
            } else {
                pair.primary().resume();
            }
        }

        @Override
        public String toString() {
            return "PostgreSQL's primary";
        }
    }

    /**
     * A machine that nodes are on.
     *
     * @param disk where its agent's cache is
     * @param clock the file that says how wrong the agent's clock is, in seconds
     */
    record Machine(WorkerHost host, SmallDisk disk, Path clock) implements Victim {
        @Override
        public boolean suffers(Fault.Kind kind) {
            return kind == Fault.Kind.CUT || kind == Fault.Kind.FULL_DISK || kind == Fault.Kind.CLOCK;
        }

        @Override
        public void suffer(Fault fault) {
            switch (fault.kind()) {
                case CUT -> host.namespace().ip("link set mgmt0 down");
                case FULL_DISK -> disk.fill();
                case CLOCK -> set(clock, fault.at().toMillis() % 2 == 0 ? "+3600" : "-3600");
                case KILL, PAUSE -> throw new IllegalArgumentException(fault.toString());
            }
        }

        @Override
        public void recover(Fault fault) {
            switch (fault.kind()) {
                case CUT -> host.namespace().ip("link set mgmt0 up");
                case FULL_DISK -> disk.relieve();
                case CLOCK -> set(clock, "+0");
                case KILL, PAUSE -> throw new IllegalArgumentException(fault.toString());
            }
        }

        /** In one step: who reads it reads the old or the new. */
        static void set(Path clock, String offset) {
            try {
                Path next = Files.writeString(clock.resolveSibling("clock.new"), offset + "\n");
                Files.move(next, clock, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public String toString() {
            return "machine of " + host.name();
        }
    }
}
