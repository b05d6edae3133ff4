package io.portolan.testbed.issuer;

import io.portolan.testbed.TestbedFailed;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;

/**
 * Signs tokens. It is written with the JDK alone: what judges these tokens is not judged by itself.
 *
 * <p>Its keys live in this object and nowhere else; what is published of them is {@link #jwks}.
 */
public final class TokenIssuer {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int BYTES = 32;

    private final String name;
    private final String audience;
    private Key key = Key.make();

    private record Key(String id, KeyPair pair) {
        private static Key make() {
            try {
                KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
                keys.initialize(new ECGenParameterSpec("secp256r1"));
                return new Key(UUID.randomUUID().toString(), keys.generateKeyPair());
            } catch (GeneralSecurityException e) {
                throw new TestbedFailed("this JVM makes no keys on curves", e);
            }
        }
    }

    /**
     * @param name as tokens have it in {@code iss}
     * @param audience as tokens have it in {@code aud}, unless they are told otherwise
     */
    public TokenIssuer(String name, String audience) {
        this.name = name;
        this.audience = audience;
    }

    public String name() {
        return name;
    }

    public String audience() {
        return audience;
    }

    /** Signs with a new key from now on; the old one is in {@link #jwks} no more. */
    public synchronized void rotate() {
        key = Key.make();
    }

    /** The public key, as a JSON web key set. */
    public synchronized String jwks() {
        ECPublicKey open = publicKey();
        Map<String, String> entry = new LinkedHashMap<>();
        entry.put("kty", "EC");
        entry.put("crv", "P-256");
        entry.put("use", "sig");
        entry.put("alg", "ES256");
        entry.put("kid", key.id());
        entry.put("x", base64(unsigned(open.getW().getAffineX())));
        entry.put("y", base64(unsigned(open.getW().getAffineY())));
        return JSON.writeValueAsString(Map.of("keys", List.of(entry)));
    }

    public synchronized ECPublicKey publicKey() {
        return (ECPublicKey) key.pair().getPublic();
    }

    public synchronized String keyId() {
        return key.id();
    }

    /** A token for somebody that counts from now on. */
    public String token(String subject, Duration life, Map<String, ?> more) {
        Instant now = Instant.now();
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", name);
        claims.put("aud", List.of(audience));
        claims.put("sub", subject);
        claims.put("iat", now.getEpochSecond());
        claims.put("nbf", now.getEpochSecond());
        claims.put("exp", now.plus(life).getEpochSecond());
        claims.putAll(more);
        return sign(claims);
    }

    /** A token with these claims and no others. */
    public synchronized String sign(Map<String, ?> claims) {
        String signed = encoded(Map.of("alg", "ES256", "typ", "JWT", "kid", key.id())) + "." + encoded(claims);
        try {
            Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
            signature.initSign(key.pair().getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new TestbedFailed("this JVM does not sign with curves", e);
        }
    }

    /** A part of a token, as it stands between its dots. */
    public static String encoded(Map<String, ?> part) {
        return base64(JSON.writeValueAsBytes(part));
    }

    public static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        byte[] exact = new byte[BYTES];
        int length = Math.min(BYTES, bytes.length);
        System.arraycopy(bytes, bytes.length - length, exact, BYTES - length, length);
        return exact;
    }
}
