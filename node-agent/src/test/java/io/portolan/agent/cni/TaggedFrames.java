package io.portolan.agent.cni;

import static org.awaitility.Awaitility.await;

import io.portolan.agent.wiring.TestingNetwork;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Namespace;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;

/** Broadcast packets that a pod wraps as it likes, and what of them comes out of its VM, under which tag. */
final class TaggedFrames implements AutoCloseable {
    private static final String LISTEN = """
            import socket, struct, sys
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.setsockopt(263, 8, 1)
            s.bind((sys.argv[1], 0))
            print('listening', flush=True)
            while True:
                data, extra, flags, sender = s.recvmsg(2048, 256)
                at = data.find(b'frame-')
                if at < 0:
                    continue
                way = 'to' if sender[2] == 4 else 'from'
                tag = 'none'
                if data[12:14] in (b'\\x81\\x00', b'\\x88\\xa8'):
                    tag = struct.unpack('!H', data[14:16])[0] & 0xfff
                for level, kind, value in extra:
                    if level == 263 and kind == 8 and struct.unpack_from('I', value)[0] & 0x10:
                        tag = struct.unpack_from('H', value, 16)[0] & 0xfff
                print(way, data[at:].split(b' ')[0].decode(), tag, flush=True)
            """;

    private static final String SEND = """
            import fcntl, socket, struct, sys
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind(('eth0', 0))
            mac = s.getsockname()[4]
            ip = fcntl.ioctl(socket.socket(), 0x8915, struct.pack('256s', b'eth0'))[20:24]
            def packet(text):
                data = struct.pack('!HHHH', 9, 9, 8 + len(text), 0) + text
                head = struct.pack('!BBHHHBBH', 69, 0, 20 + len(data), 0, 0, 64, 17, 0) + ip + b'\\xff' * 4
                total = sum(struct.unpack('!10H', head))
                total = (total & 0xffff) + (total >> 16)
                return head[:10] + struct.pack('!H', 0xffff - total) + head[12:] + data
            own, other = int(sys.argv[1]), int(sys.argv[2])
            def tag(kind, vlan):
                return struct.pack('!HH', kind, vlan)
            for name, tags in (('other', tag(0x8100, other)), ('own', tag(0x8100, own)),
                               ('provider', tag(0x88a8, other)), ('double', tag(0x8100, own) + tag(0x8100, other)),
                               ('hidden', tag(0x8100, 0) + tag(0x8100, other)), ('plain', b'')):
                payload = ('frame-' + name + ' ').encode().ljust(60)
                s.send(b'\\xff' * 6 + mac + tags + b'\\x08\\x00' + packet(payload))
            """;

    private final Daemon listener;

    /** Listens at the hypervisor's end of the VM's vNIC. */
    TaggedFrames(Workspace workspace, Namespace hypervisor, String tap) {
        listener = workspace
                .daemon("frames-" + tap, "/usr/bin/python3", "-I", "-c", LISTEN, tap)
                .inside(hypervisor)
                .readyWhen("listens", starting -> starting.logTail().contains("listening"))
                .start();
    }

    /** Frames under every disguise, and a plain one at last; returns when that has come out. */
    void send(PodSandbox pod, int own, int other) {
        pod.exec("/usr/bin/python3", "-I", "-c", SEND, Integer.toString(own), Integer.toString(other));
        await().atMost(TestingNetwork.PATIENCE).until(() -> fromTheVm().contains("frame-plain " + own));
    }

    /** Each frame that came out of the VM: its name and its outermost tag. */
    List<String> fromTheVm() {
        return seen("from ");
    }

    /** Each frame that the hypervisor brought to the VM. */
    List<String> toTheVm() {
        return seen("to ");
    }

    private List<String> seen(String way) {
        try {
            return Files.readAllLines(listener.log()).stream()
                    .filter(line -> line.startsWith(way))
                    .map(line -> line.substring(way.length()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        listener.kill9();
    }
}
