package io.portolan.agent.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The attributes of a message, or of one of its nested attributes, by their type. */
record Attributes(Map<Integer, ByteBuffer> byType) {
    /** Reads from {@code offset} to the end of the buffer; what is cut off is left out. */
    static Attributes of(ByteBuffer bytes, int offset) {
        Map<Integer, ByteBuffer> byType = new HashMap<>();
        int at = offset;
        while (at + 4 <= bytes.limit()) {
            int length = Short.toUnsignedInt(bytes.getShort(at));
            if (length < 4 || at + length > bytes.limit()) {
                break;
            }
            int type = bytes.getShort(at + 2) & Rtnetlink.NLA_TYPE_MASK;
            byType.put(type, bytes.slice(at + 4, length - 4).order(ByteOrder.nativeOrder()));
            at += length + 3 & ~3;
        }
        return new Attributes(byType);
    }

    Optional<byte[]> bytes(int type) {
        return Optional.ofNullable(byType.get(type)).map(value -> {
            byte[] copy = new byte[value.limit()];
            value.get(0, copy);
            return copy;
        });
    }

    int u32(int type, int otherwise) {
        ByteBuffer value = byType.get(type);
        return value == null || value.limit() < 4 ? otherwise : value.getInt(0);
    }

    /** Empty when absent; without the terminating zero. */
    String text(int type) {
        return bytes(type)
                .map(value -> new String(value, StandardCharsets.UTF_8))
                .map(value -> value.endsWith("\0") ? value.substring(0, value.length() - 1) : value)
                .orElse("");
    }

    Attributes nested(int type) {
        ByteBuffer value = byType.get(type);
        return value == null ? new Attributes(Map.of()) : of(value, 0);
    }
}
