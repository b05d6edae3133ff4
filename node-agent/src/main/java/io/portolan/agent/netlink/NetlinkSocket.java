package io.portolan.agent.netlink;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A socket that carries batches of requests and gathers what the kernel says to each. A batch is written with one system call
 * and answered before the next begins.
 */
final class NetlinkSocket implements AutoCloseable {
    /** Their acknowledgements fit several times into the receive buffer that a socket has by default. */
    private static final int LARGEST_BATCH = 32;

    /** The kernel never sends more than 32 KiB at once. */
    private static final int RECEIVE_BYTES = 64 * 1024;

    private static final long TIMEOUT_SECONDS = 20;

    /**
     * What became of one request.
     *
     * @param parts the messages that it was answered with, from their family headers on
     * @param torn whether the answer is a list that changed while it was read
     */
    record Answer(
            List<ByteBuffer> parts, boolean torn, @Nullable NetlinkException refusal) {}

    private final int fd;
    private final ReentrantLock lock = new ReentrantLock();
    private int lastSequence;
    private boolean closed;

    private NetlinkSocket(int fd) {
        this.fd = fd;
    }

    static NetlinkSocket in(NetworkNamespace namespace) {
        int fd = namespace.inside(
                () -> Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_ROUTE));
        if (fd < 0) {
            throw new NetlinkException("open socket", namespace.toString(), -fd);
        }
        Libc.setReceiveTimeout(fd, TIMEOUT_SECONDS);
        // Kernels before 4.12 know neither and answer without.
        Libc.setOption(fd, Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, 1);
        Libc.setOption(fd, Libc.SOL_NETLINK, Libc.NETLINK_CAP_ACK, 1);
        return new NetlinkSocket(fd);
    }

    List<Answer> exchange(List<Request> requests) {
        return withDescriptor(fd -> {
            List<Answer> answers = new ArrayList<>(requests.size());
            for (int from = 0; from < requests.size(); from += LARGEST_BATCH) {
                List<Request> batch = requests.subList(from, Math.min(requests.size(), from + LARGEST_BATCH));
                answers.addAll(exchangeBatch(fd, batch));
            }
            return answers;
        });
    }

    /** Runs {@code work} on a thread that may block, while nobody else uses or closes the descriptor. */
    <T> T withDescriptor(IntFunction<T> work) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the netlink socket is closed");
            }
            return KernelThreads.call(() -> work.apply(fd));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                Libc.close(fd);
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Answer> exchangeBatch(int fd, List<Request> batch) {
        MessageWriter writer = new MessageWriter();
        int first = lastSequence + 1;
        for (Request request : batch) {
            int flags = request.flags() | Rtnetlink.NLM_F_REQUEST | Rtnetlink.NLM_F_ACK;
            writer.message(request.type(), flags, ++lastSequence, request.body());
        }
        Gathered gathered = new Gathered(batch, first);
        try (Arena arena = Arena.ofConfined()) {
            send(fd, arena.allocateFrom(JAVA_BYTE, writer.toBytes()), batch.getFirst());
            MemorySegment room = arena.allocate(RECEIVE_BYTES);
            while (!gathered.complete()) {
                int length = receive(fd, room, gathered.firstOpen());
                gathered.read(ByteBuffer.wrap(room.asSlice(0, length).toArray(JAVA_BYTE))
                        .order(ByteOrder.nativeOrder()));
            }
        }
        return gathered.answers();
    }

    private static void send(int fd, MemorySegment bytes, Request request) {
        long sent;
        do {
            sent = Libc.send(fd, bytes);
        } while (Errno.of((int) -sent) == Errno.EINTR);
        if (sent < 0) {
            throw request.refused((int) -sent, "");
        }
    }

    private static int receive(int fd, MemorySegment room, Request awaited) {
        long length;
        do {
            length = Libc.receive(fd, room);
        } while (Errno.of((int) -length) == Errno.EINTR);
        if (length < 0) {
            throw awaited.refused((int) -length, "no answer");
        }
        if (length > RECEIVE_BYTES) {
            throw new IllegalStateException("the kernel sent a message of " + length + " bytes");
        }
        return (int) length;
    }

    /** The answers to a batch as far as they have come; each request's ends with an error, an acknowledgement or DONE. */
    private static final class Gathered {
        private final List<Request> batch;
        private final int firstSequence;
        private final List<List<ByteBuffer>> parts = new ArrayList<>();
        private final boolean[] torn;
        private final @Nullable Answer[] answers;

        Gathered(List<Request> batch, int firstSequence) {
            this.batch = batch;
            this.firstSequence = firstSequence;
            torn = new boolean[batch.size()];
            answers = new Answer[batch.size()];
            batch.forEach(ignored -> parts.add(new ArrayList<>()));
        }

        boolean complete() {
            return answers().size() == batch.size();
        }

        Request firstOpen() {
            return batch.get(answers().size());
        }

        List<Answer> answers() {
            List<Answer> come = new ArrayList<>();
            for (Answer answer : answers) {
                if (answer == null) {
                    break;
                }
                come.add(answer);
            }
            return come;
        }

        void read(ByteBuffer datagram) {
            int at = 0;
            while (at + 16 <= datagram.limit()) {
                int length = datagram.getInt(at);
                if (length < 16 || at + length > datagram.limit()) {
                    throw new IllegalStateException("a netlink message of " + length + " bytes is malformed");
                }
                // A sequence number that is not ours answers a batch that timed out.
                int index = datagram.getInt(at + 8) - firstSequence;
                if (index >= 0 && index < batch.size()) {
                    int type = Short.toUnsignedInt(datagram.getShort(at + 4));
                    int flags = Short.toUnsignedInt(datagram.getShort(at + 6));
                    ByteBuffer payload = datagram.slice(at + 16, length - 16).order(ByteOrder.nativeOrder());
                    take(index, type, flags, payload);
                }
                at += length + 3 & ~3;
            }
        }

        private void take(int index, int type, int flags, ByteBuffer payload) {
            torn[index] |= (flags & Rtnetlink.NLM_F_DUMP_INTR) != 0;
            switch (type) {
                case Rtnetlink.NLMSG_NOOP -> {}
                case Rtnetlink.NLMSG_ERROR, Rtnetlink.NLMSG_DONE -> {
                    int errno = payload.limit() < 4 ? 0 : -payload.getInt(0);
                    answers[index] = new Answer(
                            parts.get(index),
                            torn[index],
                            errno == 0 ? null : batch.get(index).refused(errno, message(type, flags, payload)));
                }
                default -> parts.get(index).add(payload);
            }
        }

        private static String message(int type, int flags, ByteBuffer payload) {
            if ((flags & Rtnetlink.NLM_F_ACK_TLVS) == 0) {
                return "";
            }
            // An error is followed by the header of the request, and by all of it unless the answer is capped.
            int header = type == Rtnetlink.NLMSG_DONE ? 4 : 20;
            boolean whole = type == Rtnetlink.NLMSG_ERROR && (flags & Rtnetlink.NLM_F_CAPPED) == 0;
            int offset = whole ? 4 + (payload.getInt(4) + 3 & ~3) : header;
            return Attributes.of(payload, offset).text(Rtnetlink.NLMSGERR_ATTR_MSG);
        }
    }
}
