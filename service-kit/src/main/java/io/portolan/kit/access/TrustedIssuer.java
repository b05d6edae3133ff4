package io.portolan.kit.access;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtValidationException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** One issuer: whether a token is its, is for us and counts now, and who that makes its bearer. */
final class TrustedIssuer {
    private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(30);

    /** Those with a public key: neither none, nor what would take a public key for a shared secret. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Stream.of(
                    JWSAlgorithm.Family.RSA.stream(), JWSAlgorithm.Family.EC.stream(), JWSAlgorithm.Family.ED.stream())
            .flatMap(family -> family)
            .collect(java.util.stream.Collectors.toUnmodifiableSet());

    private final AccessProperties.Issuer settings;
    private final NimbusJwtDecoder decoder;

    TrustedIssuer(AccessProperties.Issuer settings, JWKSource<SecurityContext> keys) {
        this.settings = settings;
        DefaultJWTProcessor<SecurityContext> signatures = new DefaultJWTProcessor<>();
        signatures.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
        signatures.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        signatures.setJWTClaimsSetVerifier((claims, context) -> {
            // The validator below does it.
        });
        decoder = new NimbusJwtDecoder(signatures);
        decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(List.of(
                new JwtIssuerValidator(settings.issuer()),
                new JwtClaimValidator<Collection<String>>(
                        "aud", audiences -> audiences != null && audiences.contains(settings.audience())),
                new JwtClaimValidator<Object>("exp", Objects::nonNull),
                new JwtTimestampValidator(CLOCKS_DIFFER))));
    }

    boolean isCalled(@Nullable String name) {
        return settings.issuer().equals(name);
    }

    /** @throws TokenRefused where the token proves nothing */
    Caller caller(String token) {
        try {
            return caller(decoder.decode(token));
        } catch (JwtValidationException e) {
            throw new TokenRefused(
                    e.getErrors().stream()
                            .map(OAuth2Error::getDescription)
                            .findFirst()
                            .map(words -> "the token does not count: " + words)
                            .orElse("the token does not count"),
                    e);
        } catch (BadJwtException e) {
            throw new TokenRefused("the token is not signed by a key of its issuer", e);
        } catch (JwtException e) {
            throw new TokenRefused.Unjudged("the keys of the token's issuer cannot be had now", e);
        }
    }

    private Caller caller(Jwt token) {
        Set<Role> roles = EnumSet.noneOf(Role.class);
        Optional<String> node = Optional.empty();
        for (AccessProperties.Grant grant : settings.grants()) {
            for (String value : values(token.getClaims(), grant.claim())) {
                if (matches(grant.value(), value)) {
                    roles.addAll(grant.roles());
                    if (grant.roles().contains(Role.NODE)) {
                        node = node.or(() -> node(token, grant, value));
                    }
                }
            }
        }
        Optional<String> cluster = settings.clusterClaim() == null
                ? Optional.ofNullable(settings.cluster())
                : one(token.getClaims(), settings.clusterClaim());
        return new Caller(
                settings.issuer(),
                Objects.requireNonNullElse(token.getSubject(), "somebody"),
                roles,
                node.flatMap(name -> cluster.map(of -> new Caller.NodeIdentity(of, name)))
                        .orElse(null));
    }

    private Optional<String> node(Jwt token, AccessProperties.Grant grant, String value) {
        String given = grant.node();
        if (given == null) {
            return one(token.getClaims(), settings.nodeClaim());
        }
        return Optional.of(
                given.equals("*") && grant.value().endsWith("*")
                        ? value.substring(grant.value().length() - 1)
                        : given);
    }

    private static boolean matches(String wanted, String value) {
        return wanted.endsWith("*") ? value.startsWith(wanted.substring(0, wanted.length() - 1)) : wanted.equals(value);
    }

    private static Optional<String> one(Map<String, Object> claims, String path) {
        List<String> values = values(claims, path);
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }

    /** The texts at a path; a name may have a slash in it. */
    private static List<String> values(Map<?, ?> claims, String path) {
        Object found = claims.get(path);
        int slash = path.indexOf('/');
        if (found == null && slash > 0 && claims.get(path.substring(0, slash)) instanceof Map<?, ?> inner) {
            return values(inner, path.substring(slash + 1));
        }
        return switch (found) {
            case String text -> List.of(text);
            case Collection<?> several ->
                several.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList();
            case null, default -> List.of();
        };
    }
}
