package io.portolan.ovsdb;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;

/** Commands to a running daemon through its control socket, as {@code ovs-appctl -t SOCKET} gives them. */
public record UnixctlClient(Path socket, Duration timeout) {

    /** The daemon's own words on why it refuses a command. */
    public static final class CommandRefused extends IOException {
        CommandRefused(String message) {
            super(message);
        }
    }

    /** Returns what the command prints. */
    public String run(String command, String... arguments) throws IOException {
        byte[] request = JsonOut.request(0, command, json -> List.of(arguments).forEach(json::writeString));
        try (Wire wire = Wire.connect(new OvsdbEndpoint.Unix(socket), null, timeout)) {
            Thread guard = wire.closeAfter(timeout);
            try {
                wire.out().write(request);
                return answer(command, wire);
            } finally {
                guard.interrupt();
            }
        }
    }

    private String answer(String command, Wire wire) throws IOException {
        try (JsonParser parser = JsonIn.parser(wire.in())) {
            if (parser.nextToken() == null) {
                throw new IOException(socket + " closed the connection without an answer to " + command);
            }
            JsonNode reply = JsonIn.tree(parser);
            if (reply.path("error").isString()) {
                throw new CommandRefused(
                        command + ": " + reply.path("error").stringValue().strip());
            }
            return reply.path("result").asString("");
        } catch (JacksonException e) {
            throw new IOException("no answer from " + socket + " to " + command + " within " + timeout, e);
        }
    }
}
