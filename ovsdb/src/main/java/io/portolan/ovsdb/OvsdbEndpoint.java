package io.portolan.ovsdb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where a server listens, written as Open vSwitch writes it: {@code unix:/path}, {@code tcp:host:port}, {@code ssl:host:port}. */
public sealed interface OvsdbEndpoint {

    record Unix(Path path) implements OvsdbEndpoint {
        public Unix {
            if (!path.isAbsolute()) {
                throw new IllegalArgumentException("unix: needs an absolute path, not '" + path + "'");
            }
        }

        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    record Tcp(String host, int port) implements OvsdbEndpoint {
        public Tcp {
            checkPort(port);
        }

        @Override
        public String toString() {
            return "tcp:" + bracketed(host) + ":" + port;
        }
    }

    record Ssl(String host, int port) implements OvsdbEndpoint {
        public Ssl {
            checkPort(port);
        }

        @Override
        public String toString() {
            return "ssl:" + bracketed(host) + ":" + port;
        }
    }

    static OvsdbEndpoint parse(String text) {
        String trimmed = text.strip();
        int colon = trimmed.indexOf(':');
        String scheme = colon < 0 ? trimmed : trimmed.substring(0, colon);
        String rest = colon < 0 ? "" : trimmed.substring(colon + 1);
        return switch (scheme) {
            case "unix" -> new Unix(Path.of(rest));
            case "tcp" -> new Tcp(host(trimmed, rest), port(trimmed, rest));
            case "ssl" -> new Ssl(host(trimmed, rest), port(trimmed, rest));
            default ->
                throw new IllegalArgumentException(
                        "'" + trimmed + "' is no OVSDB endpoint: unix:/path, tcp:host:port or ssl:host:port");
        };
    }

    /** Comma-separated endpoints, at least one. */
    static List<OvsdbEndpoint> parseList(String text) {
        List<OvsdbEndpoint> endpoints = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            endpoints.add(parse(part));
        }
        return List.copyOf(endpoints);
    }

    private static String host(String whole, String rest) {
        String host = rest.substring(0, Math.max(0, rest.lastIndexOf(':')));
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("'" + whole + "': write an IPv6 address as [address]:port");
        }
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        if (bare.isBlank()) {
            throw new IllegalArgumentException("'" + whole + "' names no host or no port: expected host:port");
        }
        return bare;
    }

    private static int port(String whole, String rest) {
        String port = rest.substring(rest.lastIndexOf(':') + 1);
        try {
            return Integer.parseInt(port);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + whole + "': '" + port + "' is no port number", e);
        }
    }

    private static void checkPort(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException(port + " is no port number: 1 to 65535");
        }
    }

    private static String bracketed(String host) {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }
}
