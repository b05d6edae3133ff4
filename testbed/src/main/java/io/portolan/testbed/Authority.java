package io.portolan.testbed;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate authority with its keys in a directory; everything is made by {@code openssl}. */
public final class Authority {
    private static final String PASSWORD = "testing";

    private final Path directory;

    /** @param directory is there, and empty */
    public Authority(Path directory, String name) {
        this.directory = directory;
        openssl(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-keyout",
                file("ca.key"),
                "-out",
                file("ca.pem"));
    }

    /** @param name what the certificate is for, such as {@code IP:127.0.0.1} */
    public OvsdbServer.Tls server(String name) throws IOException {
        issue("server", name);
        return new OvsdbServer.Tls(
                directory.resolve("server.key"), directory.resolve("server.pem"), directory.resolve("ca.pem"));
    }

    /** A key, a certificate for this name and the authority's own, by the names that cert-manager gives them. */
    public Map<String, String> secret(String name) throws IOException {
        issue("secret", name);
        return Map.of(
                "tls.key", Files.readString(directory.resolve("secret.key")),
                "tls.crt", Files.readString(directory.resolve("secret.pem")),
                "ca.crt", Files.readString(directory.resolve("ca.pem")));
    }

    /** Trusts this authority and shows a certificate of it. */
    public SSLContext client() throws GeneralSecurityException, IOException {
        return peer("DNS:client");
    }

    /** The same, for this name. */
    public SSLContext peer(String name) throws GeneralSecurityException, IOException {
        issue("peer", name);
        openssl(
                "pkcs12",
                "-export",
                "-inkey",
                file("peer.key"),
                "-in",
                file("peer.pem"),
                "-out",
                file("peer.p12"),
                "-passout",
                "pass:" + PASSWORD);
        KeyStore own = KeyStore.getInstance(directory.resolve("peer.p12").toFile(), PASSWORD.toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD.toCharArray());
        return context(keys.getKeyManagers());
    }

    /** Trusts this authority and shows nothing. */
    public SSLContext stranger() throws GeneralSecurityException, IOException {
        return context(new KeyManager[0]);
    }

    private SSLContext context(KeyManager[] keys) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream pem = Files.newInputStream(directory.resolve("ca.pem"))) {
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);

        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        return context;
    }

    private void issue(String owner, String name) throws IOException {
        Files.writeString(directory.resolve(owner + ".ext"), "subjectAltName=" + name + "\n");
        openssl(
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/CN=" + owner,
                "-keyout",
                file(owner + ".key"),
                "-out",
                file(owner + ".csr"));
        openssl(
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                file(owner + ".csr"),
                "-CA",
                file("ca.pem"),
                "-CAkey",
                file("ca.key"),
                "-CAcreateserial",
                "-extfile",
                file(owner + ".ext"),
                "-out",
                file(owner + ".pem"));
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    private void openssl(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "openssl";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        Command.unmarked(all).output();
    }
}
