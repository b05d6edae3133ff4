package io.portolan.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Threads inside a network namespace. A process is started in the namespace of the thread that starts it, so a plugin runs
 * there as it runs on kubelet's machine, without another program around it that would be timed as well.
 */
@SuppressWarnings("restricted") // of the foreign-function interface
final class NamespaceThreads {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SETNS = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("setns"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final int NEW_NETWORK = 0x4000_0000;

    private NamespaceThreads() {}

    /** As many as are needed at once, kept for the next ones. */
    static ExecutorService in(Path namespace) {
        return Executors.newCachedThreadPool(work -> Thread.ofPlatform().unstarted(() -> {
            enter(namespace);
            work.run();
        }));
    }

    private static void enter(Path namespace) {
        try (Arena arena = Arena.ofConfined()) {
            int file = (int) OPEN.invokeExact(arena.allocateFrom(namespace.toString()), 0);
            int entered = (int) SETNS.invokeExact(file, NEW_NETWORK);
            int closed = (int) CLOSE.invokeExact(file);
            if (file < 0 || entered != 0 || closed != 0) {
                throw new IllegalStateException("cannot enter " + namespace);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
