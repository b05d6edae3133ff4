package io.portolan.kit.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HTTP as bytes on a connection of their own, so that anything can be sent. */
final class Wire {
    static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})");
    private static final Pattern CHUNKED = Pattern.compile("(?im)^transfer-encoding: *chunked");
    private static final Pattern TYPE = Pattern.compile("(?im)^content-type: *(\\S+)");

    private Wire() {}

    /**
     * What came back.
     *
     * @param status 0 where the connection was closed without a word, -1 where nothing came in time
     */
    record Answer(int status, String type, String body) {
        boolean isProblem() {
            return type.startsWith("application/problem+json");
        }
    }

    /** @param request each byte a character */
    static Answer send(URI base, String request) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            write(socket, request.getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            byte[] some = new byte[8_192];
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                all.write(some, 0, read);
            }
        } catch (SocketTimeoutException e) {
            return new Answer(-1, "", all.toString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            if (all.size() == 0) {
                return new Answer(0, "", "");
            }
        }
        return parsed(all.toString(StandardCharsets.ISO_8859_1));
    }

    /** A server that has seen enough answers and closes while we still write. */
    private static void write(Socket socket, byte[] request) throws IOException {
        OutputStream out = socket.getOutputStream();
        try {
            out.write(request);
            out.flush();
            socket.shutdownOutput();
        } catch (IOException e) {
            if (socket.getInputStream().available() == 0) {
                throw e;
            }
        }
    }

    private static Answer parsed(String text) {
        Matcher status = STATUS.matcher(text);
        if (!status.lookingAt()) {
            return new Answer(0, "", text);
        }
        int end = text.indexOf("\r\n\r\n");
        String head = end < 0 ? text : text.substring(0, end);
        Matcher type = TYPE.matcher(head);
        String rest = end < 0 ? "" : text.substring(end + 4);
        String body = CHUNKED.matcher(head).find() ? dechunked(rest) : rest;
        return new Answer(
                Integer.parseInt(status.group(1)),
                type.find() ? type.group(1) : "",
                new String(body.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    /** Up to the chunk that ends it: what was sent beyond one request is answered, too. */
    private static String dechunked(String chunks) {
        StringBuilder body = new StringBuilder();
        int at = 0;
        int end = chunks.indexOf("\r\n", at);
        while (end > at) {
            int size = Integer.parseInt(chunks.substring(at, end).strip(), 16);
            if (size == 0) {
                break;
            }
            body.append(chunks, end + 2, Math.min(chunks.length(), end + 2 + size));
            at = end + 2 + size + 2;
            end = at < chunks.length() ? chunks.indexOf("\r\n", at) : -1;
        }
        return body.toString();
    }
}
