package io.portolan.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One connection over which ports are claimed as node-agent claims them. It writes and reads text, because a client that takes
 * more CPU than the service would be what is measured.
 */
final class ClaimClient implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");
    private static final String END_OF_CHUNKS = "0\r\n\r\n";

    private final URI service;
    private Socket socket;
    private InputStream in;
    private final byte[] room = new byte[64 * 1024];

    ClaimClient(URI service) {
        this.service = service;
        try {
            socket = connected();
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Socket connected() throws IOException {
        Socket made = new Socket(service.getHost(), service.getPort());
        made.setTcpNoDelay(true);
        return made;
    }

    /** Nothing where the node has no free port any more. */
    String claim(UUID node, int count) {
        return post(
                "/v1/nodes/%s/claims".formatted(node),
                "{\"claim\":\"%s\",\"epoch\":1,\"count\":%d}".formatted(UUID.randomUUID(), count));
    }

    void release(UUID node, String claimed) {
        List<String> ports = new ArrayList<>();
        Matcher matcher = PORT.matcher(claimed);
        while (matcher.find()) {
            ports.add("\"" + matcher.group(1) + "\"");
        }
        if (ports.isEmpty()) {
            throw new IllegalStateException("nothing was claimed: " + claimed);
        }
        post(
                "/v1/nodes/%s/releases".formatted(node),
                "{\"epoch\":1,\"ports\":[%s]}".formatted(String.join(",", ports)));
    }

    private String post(String path, String body) {
        try {
            String request =
                    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted(path, service.getAuthority(), body.length(), body);
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            return answer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String answer() throws IOException {
        int length = 0;
        while (true) {
            int read = in.read(room, length, room.length - length);
            if (read < 0) {
                throw new IOException("the service hung up");
            }
            length += read;
            String text = new String(room, 0, length, US_ASCII);
            int head = text.indexOf("\r\n\r\n");
            if (head < 0) {
                continue;
            }
            int announced = announced(text.substring(0, head));
            boolean whole = announced < 0 ? text.endsWith(END_OF_CHUNKS) : length >= head + 4 + announced;
            if (whole) {
                if (text.substring(0, head).toLowerCase(Locale.ROOT).contains("connection: close")) {
                    socket.close(); // as after every hundredth request
                    socket = connected();
                    in = socket.getInputStream();
                }
                int status = Integer.parseInt(text.substring(9, 12));
                if (status != 200 && status != 507) {
                    throw new IOException("the service answered " + text);
                }
                return status == 200 ? text.substring(head + 4) : "";
            }
        }
    }

    /** Negative where the body comes in chunks. */
    private static int announced(String head) {
        for (String line : head.split("\r\n")) {
            if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                return Integer.parseInt(line.substring(15).strip());
            }
        }
        return -1;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
