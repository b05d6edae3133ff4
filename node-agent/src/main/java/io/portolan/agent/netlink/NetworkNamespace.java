package io.portolan.agent.netlink;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/** An open network namespace. It lives at least until it is closed here, even when its path and its processes are gone. */
public final class NetworkNamespace implements AutoCloseable {
    /** Two paths lead to one namespace exactly when these are equal. */
    public record Identity(long device, long inode) {}

    private final Path path;
    private final int fd;
    private final Identity identity;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NetworkNamespace(Path path, int fd, Identity identity) {
        this.path = path;
        this.fd = fd;
        this.identity = identity;
    }

    /** @throws NamespaceRefused when there is nothing, or something else, at the path */
    public static NetworkNamespace open(Path path) {
        if (!Files.exists(path)) {
            throw new NamespaceRefused(path, NamespaceRefused.Reason.MISSING, "");
        }
        // To open a device or a pipe could block or do worse; a namespace shows as a regular file.
        if (!Files.isRegularFile(path)) {
            throw new NamespaceRefused(path, NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE, "");
        }
        int fd = Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (fd < 0) {
            Errno errno = Errno.of(-fd);
            throw errno == Errno.ENOENT
                    ? new NamespaceRefused(path, NamespaceRefused.Reason.MISSING, "")
                    : new NamespaceRefused(path, NamespaceRefused.Reason.UNREADABLE, errno.name());
        }
        try {
            if (Libc.ioctl(fd, Libc.NS_GET_NSTYPE, MemorySegment.NULL) != Libc.CLONE_NEWNET) {
                throw new NamespaceRefused(path, NamespaceRefused.Reason.NOT_A_NETWORK_NAMESPACE, "");
            }
            return new NetworkNamespace(path, fd, identityOf(Path.of("/proc/self/fd/" + fd)));
        } catch (IOException e) {
            Libc.close(fd);
            throw new NamespaceRefused(path, NamespaceRefused.Reason.UNREADABLE, e.toString());
        } catch (RuntimeException e) {
            Libc.close(fd);
            throw e;
        }
    }

    /** The namespace of this process. */
    public static NetworkNamespace current() {
        return open(Path.of("/proc/self/ns/net"));
    }

    /** Which namespace, if any, is at the path at this moment; opens nothing. */
    public static Optional<Identity> identityAt(Path path) {
        try {
            return Optional.of(identityOf(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new NamespaceRefused(path, NamespaceRefused.Reason.UNREADABLE, e.toString());
        }
    }

    public Path path() {
        return path;
    }

    public Identity identity() {
        return identity;
    }

    int fd() {
        if (closed.get()) {
            throw new IllegalStateException("the namespace " + path + " is closed");
        }
        return fd;
    }

    /**
     * What {@code call} returns when it is made inside this namespace. It must not start a thread: that one would stay here.
     *
     * @throws NetlinkException when the namespace cannot be entered
     */
    int inside(IntSupplier call) {
        int target = fd();
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("netns-visit").start(() -> {
            try {
                int entered = Libc.setNetworkNamespace(target);
                if (entered < 0) {
                    throw new NetlinkException("enter namespace", path.toString(), -entered);
                }
                result.complete(call.getAsInt());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return KernelThreads.await(result);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            Libc.close(fd);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }

    private static Identity identityOf(Path path) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:dev,ino");
        return new Identity((long) Objects.requireNonNull(attributes.get("dev")), (long)
                Objects.requireNonNull(attributes.get("ino")));
    }
}
