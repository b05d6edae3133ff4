package io.portolan.kit.access;

import com.nimbusds.jwt.JWTParser;
import java.text.ParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/**
 * Everybody whose tokens are believed. Clusters often have one name for their issuers, so a token is judged by all issuers of
 * the name in it, until the keys of one have signed it.
 */
final class Issuers implements AuthenticationManager {
    private final List<TrustedIssuer> issuers;

    Issuers(List<TrustedIssuer> issuers) {
        this.issuers = List.copyOf(issuers);
    }

    @Override
    public Authentication authenticate(Authentication shown) {
        if (!(shown instanceof BearerTokenAuthenticationToken bearer)) {
            throw new TokenRefused("only tokens count");
        }
        String name = issuer(bearer.getToken());
        TokenRefused last = null;
        for (TrustedIssuer issuer : issuers) {
            if (issuer.isCalled(name)) {
                try {
                    return issuer.caller(bearer.getToken());
                } catch (TokenRefused refused) {
                    last = last instanceof TokenRefused.Unjudged ? last : refused;
                }
            }
        }
        throw last == null ? new TokenRefused("the token's issuer is not trusted here") : last;
    }

    private static @Nullable String issuer(String token) {
        try {
            return JWTParser.parse(token).getJWTClaimsSet().getIssuer();
        } catch (ParseException | IllegalArgumentException e) {
            throw new TokenRefused("the token is no JSON web token", e);
        }
    }
}
