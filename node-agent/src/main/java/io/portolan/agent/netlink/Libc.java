package io.portolan.agent.netlink;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few system calls used here. Each returns what the C function returns, or the negated errno when that is -1, so that no
 * errno can be read from the wrong thread or too late. Numbers are those of x86-64 and aarch64; they differ on mips, parisc,
 * powerpc (ioctl) and sparc, for which no JDK 25 or no OVN is to be had.
 */
@SuppressWarnings("restricted") // Calling C is what this class is for; the launcher enables native access.
final class Libc {
    static final int O_RDONLY = 0;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int AF_NETLINK = 16;
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int NETLINK_ROUTE = 0;
    static final int SOL_SOCKET = 1;
    static final int SO_RCVTIMEO = 20;
    static final int SOL_NETLINK = 270;
    static final int NETLINK_CAP_ACK = 10;
    static final int NETLINK_EXT_ACK = 11;
    static final int MSG_TRUNC = 0x20;
    static final int CLONE_NEWNET = 0x40000000;
    static final long NS_GET_NSTYPE = 0xb703;
    static final long SIOCETHTOOL = 0x8946;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

    private static final MethodHandle OPEN =
            handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SOCKET =
            handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SETSOCKOPT =
            handle("setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SEND =
            handle("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle RECV =
            handle("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SETNS = handle("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = handle(
            "ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.firstVariadicArg(2));

    private Libc() {}

    static int open(String path, int flags) {
        return (int) call((arena, state) -> (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags));
    }

    /** Never repeated: after close even EINTR means that the descriptor is gone. */
    static void close(int fd) {
        call((ignored, state) -> (int) CLOSE.invokeExact(state, fd));
    }

    static int socket(int domain, int type, int protocol) {
        return (int) call((ignored, state) -> (int) SOCKET.invokeExact(state, domain, type, protocol));
    }

    static int setOption(int fd, int level, int option, int value) {
        return (int) call((arena, state) ->
                (int) SETSOCKOPT.invokeExact(state, fd, level, option, arena.allocateFrom(JAVA_INT, value), 4));
    }

    static int setReceiveTimeout(int fd, long seconds) {
        return (int) call((arena, state) -> (int) SETSOCKOPT.invokeExact(
                state, fd, SOL_SOCKET, SO_RCVTIMEO, arena.allocateFrom(JAVA_LONG, seconds, 0L), 16));
    }

    static long send(int fd, MemorySegment bytes) {
        return call((ignored, state) -> (long) SEND.invokeExact(state, fd, bytes, bytes.byteSize(), 0));
    }

    /** With {@link #MSG_TRUNC}: the length of the datagram, even when it is longer than the room for it. */
    static long receive(int fd, MemorySegment into) {
        return call((ignored, state) -> (long) RECV.invokeExact(state, fd, into, into.byteSize(), MSG_TRUNC));
    }

    static int setNetworkNamespace(int namespaceFd) {
        return (int) call((ignored, state) -> (int) SETNS.invokeExact(state, namespaceFd, CLONE_NEWNET));
    }

    static int ioctl(int fd, long request, MemorySegment argument) {
        return (int) call((ignored, state) -> (int) IOCTL.invokeExact(state, fd, request, argument));
    }

    private static long call(SystemCall systemCall) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long result = systemCall.invoke(arena, state);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing that is checked", e);
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(options, 0, all, 1, options.length);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, all);
    }

    @FunctionalInterface
    private interface SystemCall {
        long invoke(Arena arena, MemorySegment state) throws Throwable;
    }
}
