package io.portolan.agent.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Writes netlink messages one behind the other: header, family header, attributes, each aligned to four bytes. */
final class MessageWriter {
    private ByteBuffer bytes = ByteBuffer.allocate(512).order(ByteOrder.nativeOrder());

    void message(int type, int flags, int sequence, Consumer<MessageWriter> body) {
        int start = bytes.position();
        u32(0).u16(type).u16(flags).u32(sequence).u32(0);
        body.accept(this);
        bytes.putInt(start, bytes.position() - start);
    }

    MessageWriter u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    MessageWriter u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    MessageWriter u32(int value) {
        room(4).putInt(value);
        return this;
    }

    MessageWriter attribute(int type, byte[] value) {
        u16(4 + value.length).u16(type);
        room(value.length).put(value);
        return align();
    }

    MessageWriter attribute(int type, int value) {
        return u16(8).u16(type).u32(value);
    }

    MessageWriter attribute(int type, String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        return attribute(type, Arrays.copyOf(text, text.length + 1));
    }

    MessageWriter nested(int type, Consumer<MessageWriter> body) {
        int start = bytes.position();
        u16(0).u16(type | Rtnetlink.NLA_F_NESTED);
        body.accept(this);
        bytes.putShort(start, (short) (bytes.position() - start));
        return align();
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private MessageWriter align() {
        int padding = -bytes.position() & 3;
        room(padding).put(new byte[padding]);
        return this;
    }

    private ByteBuffer room(int more) {
        if (bytes.remaining() < more) {
            bytes = ByteBuffer.allocate(2 * (bytes.capacity() + more))
                    .order(ByteOrder.nativeOrder())
                    .put(bytes.flip());
        }
        return bytes;
    }
}
