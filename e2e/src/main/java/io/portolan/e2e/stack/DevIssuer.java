package io.portolan.e2e.stack;

import io.portolan.testbed.issuer.TokenIssuer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The dev stack's own issuer of tokens, with a key that is made at its start and is nowhere but in this process. Everybody's
 * token is in a file and is renewed there while this is open, as kubelet does it in a cluster.
 */
public final class DevIssuer implements AutoCloseable {
    private static final Duration LIFE = Duration.ofMinutes(30);
    private static final String SUFFIX = ".token";
    private static final String OPERATOR = "operator";

    private record Holder(String subject, Map<String, ?> claims) {}

    private final TokenIssuer issuer = new TokenIssuer("https://dev-stack.portolan.test", "portolan");
    private final Path directory;
    private final Path configuration;
    private final Map<String, Holder> holders = new ConcurrentHashMap<>();
    private final Thread renewal;

    /** @param parent where it makes its directory, that of tokens */
    public DevIssuer(Path parent) {
        directory = directory(parent);
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path keys = write("keys.json", issuer.jwks());
        configuration = write("access.yaml", """
                portolan:
                  access:
                    issuers:
                      - issuer: %s
                        audience: %s
                        jwks: %s
                        cluster-claim: cluster
                        node-claim: node
                        grants:
                          - {claim: roles, value: admin, roles: admin}
                          - {claim: roles, value: operator, roles: operator}
                          - {claim: roles, value: viewer, roles: viewer}
                          - {claim: roles, value: service, roles: service}
                          - {claim: roles, value: node, roles: node}
                """.formatted(issuer.name(), issuer.audience(), keys.toUri()));
        admit(OPERATOR, Map.of("roles", "admin"));
        renewal = Thread.ofVirtual().name("tokens").start(this::renew);
    }

    private static Path directory(Path parent) {
        return parent.resolve("identities");
    }

    /** Where the token of whoever runs the stack is, in a stack's directory. */
    public static Path operatorToken(Path parent) {
        return directory(parent).resolve(OPERATOR + SUFFIX);
    }

    /** The token of whoever runs the stack. */
    Path operator() {
        return directory.resolve(OPERATOR + SUFFIX);
    }

    /** What a service is told so that it trusts this issuer, in Spring's form. */
    Path configuration() {
        return configuration;
    }

    /** @return the file of its token */
    Path service(String module) {
        return admit(module, Map.of("roles", "service"));
    }

    /** @return the file of its token */
    Path node(String cluster, String name) {
        return admit("node-" + cluster + "-" + name, Map.of("roles", "node", "cluster", cluster, "node", name));
    }

    private Path admit(String subject, Map<String, ?> claims) {
        Holder holder = new Holder(subject, claims);
        holders.put(subject, holder);
        return issue(holder);
    }

    private Path issue(Holder holder) {
        return write(holder.subject() + SUFFIX, issuer.token(holder.subject(), LIFE, holder.claims()));
    }

    /** A reader has the old content or the new one. */
    private Path write(String name, String content) {
        try {
            Path whole = Files.writeString(Files.createTempFile(directory, ".new", null), content);
            return Files.move(whole, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sleeps between two renewals: nobody tells that a token has grown old, and its reader has two more before it ends. */
    private void renew() {
        try {
            while (true) {
                Thread.sleep(LIFE.dividedBy(3));
                holders.values().forEach(this::issue);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        renewal.interrupt();
    }
}
