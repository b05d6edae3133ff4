package io.portolan.agent.netlink;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Checksums and segmentation left to the driver: what {@code ethtool -K NAME tx off tso off gso off gro off} turns off. The
 * userspace datapath of Open vSwitch takes frames as they are, and those that a veth passes on undone break TCP in it.
 *
 * <p>Features have names but no fixed numbers, so the kernel is asked for the names first. The older commands, one for each of
 * the four words, know only some of the features behind them.
 */
final class Offloads {
    private static final Pattern UNWANTED =
            Pattern.compile("tx-checksum-.*|tx-tcp.*-segmentation|tx-generic-segmentation|rx-gro");

    private static final int ETHTOOL_GSTRINGS = 0x1b;
    private static final int ETHTOOL_GSSET_INFO = 0x37;
    private static final int ETHTOOL_SFEATURES = 0x3b;
    private static final int ETH_SS_FEATURES = 4;
    private static final int ETH_GSTRING_LEN = 32;

    /** {@code struct ifreq}: the name in 16 bytes, then a union that holds a pointer here. */
    private static final int IFREQ = 40;

    private static final int IFREQ_DATA = 16;

    private final Arena arena;
    private final int socket;
    private final String name;

    private Offloads(Arena arena, int socket, String name) {
        this.arena = arena;
        this.socket = socket;
        this.name = name;
    }

    /** Any socket of the interface's namespace will do. What the driver cannot change is left as it is. */
    static void turnOff(int socket, String name) {
        try (Arena arena = Arena.ofConfined()) {
            Offloads offloads = new Offloads(arena, socket, name);
            offloads.turnOffUnwanted(offloads.names(offloads.count()));
        }
    }

    private int count() {
        // struct ethtool_sset_info: command, reserved, a mask of 64 bits, the sizes of the sets in it
        MemorySegment info = arena.allocate(20, 8);
        info.set(JAVA_INT, 0, ETHTOOL_GSSET_INFO);
        info.set(JAVA_LONG, 8, 1L << ETH_SS_FEATURES);
        ethtool("count features", info);
        return info.get(JAVA_INT, 16);
    }

    private String[] names(int count) {
        // struct ethtool_gstrings: command, set, length, the names
        MemorySegment strings = arena.allocate(12 + (long) count * ETH_GSTRING_LEN, 8);
        strings.set(JAVA_INT, 0, ETHTOOL_GSTRINGS);
        strings.set(JAVA_INT, 4, ETH_SS_FEATURES);
        strings.set(JAVA_INT, 8, count);
        ethtool("list features", strings);
        String[] names = new String[count];
        for (int i = 0; i < count; i++) {
            names[i] = strings.asSlice(12 + (long) i * ETH_GSTRING_LEN, ETH_GSTRING_LEN)
                    .getString(0);
        }
        return names;
    }

    private void turnOffUnwanted(String[] names) {
        // struct ethtool_sfeatures: command, blocks, and for each 32 features which to change and what to
        int blocks = (names.length + 31) / 32;
        MemorySegment features = arena.allocate(8 + 8L * blocks, 8);
        features.set(JAVA_INT, 0, ETHTOOL_SFEATURES);
        features.set(JAVA_INT, 4, blocks);
        for (int i = 0; i < names.length; i++) {
            if (UNWANTED.matcher(names[i]).matches()) {
                long block = 8 + 8L * (i / 32);
                features.set(JAVA_INT, block, features.get(JAVA_INT, block) | (1 << i % 32));
            }
        }
        ethtool("turn offloads off", features);
    }

    private void ethtool(String operation, MemorySegment command) {
        MemorySegment ifreq = arena.allocate(IFREQ, 8);
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(text, 0, ifreq, JAVA_BYTE, 0, text.length);
        ifreq.set(ADDRESS, IFREQ_DATA, command);
        int result = Libc.ioctl(socket, Libc.SIOCETHTOOL, ifreq);
        if (result < 0) {
            throw new NetlinkException(operation, name, -result);
        }
    }
}
