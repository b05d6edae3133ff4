package io.portolan.agent.cni;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** A request as {@code cni/PROTOCOL.md} frames it: the {@code CNI_*} variables and standard input. */
final class Frame {
    static final int LARGEST_ENVIRONMENT = 64 * 1024;
    static final int LARGEST_INPUT = 1024 * 1024;

    private static final byte[] MAGIC = "PCNI1\n".getBytes(ISO_8859_1);

    private final Map<String, String> environment;
    private final byte[] input;

    Frame(Map<String, String> environment, byte[] input) {
        this.environment = Map.copyOf(environment);
        this.input = input.clone();
    }

    /**
     * @throws CniRefused when a part is too large or not framed as it must be
     * @throws EOFException when the caller went away
     */
    static Frame read(InputStream from) throws IOException {
        DataInputStream in = new DataInputStream(from);
        byte[] magic = new byte[MAGIC.length];
        in.readFully(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw CniError.DECODING_FAILURE.because("the request does not begin as portolan-cni's does");
        }
        byte[] variables = part(in, "the environment", LARGEST_ENVIRONMENT, CniError.INVALID_ENVIRONMENT);
        byte[] input = part(in, "standard input", LARGEST_INPUT, CniError.INVALID_NETWORK_CONFIG);
        return new Frame(parse(new String(variables, UTF_8)), input);
    }

    private static byte[] part(DataInputStream in, String what, int largest, CniError error) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > largest) {
            throw error.because("%s is larger than %d bytes".formatted(what, largest));
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }

    private static Map<String, String> parse(String variables) {
        Map<String, String> parsed = new LinkedHashMap<>();
        for (String variable : variables.split("\0")) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                // Of a variable that is there twice getenv() gives the first.
                parsed.putIfAbsent(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        return parsed;
    }

    /** As it came, but for the order of the variables. */
    byte[] bytes() {
        StringBuilder variables = new StringBuilder();
        environment.forEach((name, value) ->
                variables.append(name).append('=').append(value).append('\0'));
        byte[] text = variables.toString().getBytes(UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(MAGIC);
            out.writeInt(text.length);
            out.write(text);
            out.writeInt(input.length);
            out.write(input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Empty when it is not set. */
    String variable(String name) {
        return Objects.requireNonNullElse(environment.get(name), "");
    }

    byte[] input() {
        return input.clone();
    }
}
