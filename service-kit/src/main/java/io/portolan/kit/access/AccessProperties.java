package io.portolan.kit.access;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whom a service believes, and what it shows to others.
 *
 * @param open nobody is asked for a token; only on a loopback address
 * @param openBeyondLoopback with {@code open}: on any address, because something else keeps strangers away
 * @param issuers whose tokens are believed; several may have one name, each with the keys of its own cluster
 * @param tokenFile the service's own token, that it shows to other services
 */
@ConfigurationProperties(prefix = "portolan.access", ignoreUnknownFields = false)
record AccessProperties(
        @DefaultValue("false") boolean open,
        @DefaultValue("false") boolean openBeyondLoopback,
        @DefaultValue List<Issuer> issuers,
        @Nullable Path tokenFile) {
    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    AccessProperties {
        if (open && !issuers.isEmpty()) {
            throw new AccessMisconfigured(
                    "portolan.access.open is true and portolan.access.issuers names whom to believe",
                    "Leave one of the two out.");
        }
        if (!open && issuers.isEmpty()) {
            throw new AccessMisconfigured(
                    "portolan.access.issuers names nobody, so nobody could call this service",
                    "Name the issuer of your tokens (docs/access.md has examples), or, to try it on this machine alone,"
                            + " set portolan.access.open=true.");
        }
    }

    /**
     * One issuer of tokens.
     *
     * @param issuer its name, as tokens have it in {@code iss}
     * @param audience what tokens for us have in {@code aud}
     * @param jwks where its keys are: {@code https:} or {@code file:}; without it they are found by OIDC discovery
     * @param discovery where discovery begins; without it at {@code issuer}
     * @param kubernetes it is the API server of the cluster that this service runs in: its certificate authority and the token
     *     to show it are the pod's own
     * @param certificateAuthority PEM, who has signed its server's certificate; without it one of the JVM's
     * @param tokenFile the token to show its server
     * @param cluster whose nodes its nodes are
     * @param clusterClaim instead: the claim that has the cluster's name
     * @param nodeClaim the claim that has a node's name
     * @param grants what makes roles of claims
     */
    record Issuer(
            String issuer,
            String audience,
            @Nullable URI jwks,
            @Nullable URI discovery,
            @DefaultValue("false") boolean kubernetes,
            @Nullable Path certificateAuthority,
            @Nullable Path tokenFile,
            @Nullable String cluster,
            @Nullable String clusterClaim,
            @DefaultValue("kubernetes.io/node/name") String nodeClaim,
            @DefaultValue List<Grant> grants) {
        Issuer {
            given("issuer", issuer);
            given("audience", audience);
            if (jwks != null && discovery != null) {
                throw new AccessMisconfigured(
                        "issuer " + issuer + " has both jwks and discovery", "Leave one of the two out.");
            }
            if (kubernetes) {
                certificateAuthority =
                        certificateAuthority == null ? SERVICE_ACCOUNT.resolve("ca.crt") : certificateAuthority;
                tokenFile = tokenFile == null ? SERVICE_ACCOUNT.resolve("token") : tokenFile;
            }
            if (grants.isEmpty()) {
                throw new AccessMisconfigured("issuer " + issuer + " grants nothing", "Give it grants.");
            }
            boolean nodes = grants.stream().anyMatch(grant -> grant.roles().contains(Role.NODE));
            if (nodes && (cluster == null) == (clusterClaim == null)) {
                throw new AccessMisconfigured(
                        "issuer " + issuer + " grants the role node, and not one of cluster and cluster-claim is given",
                        "Say of which cluster its nodes are.");
            }
        }
    }

    /**
     * Who has a claim of this value has these roles.
     *
     * @param claim its name, or names from the outside inward with slashes between; a list has each of its elements
     * @param value what it must be; a star at its end stands for anything
     * @param node with the role node: the node's name, where the token does not have it in a claim; a star is what the star of
     *     {@code value} stands for
     */
    record Grant(
            @DefaultValue("sub") String claim,
            String value,
            @DefaultValue Set<Role> roles,
            @Nullable String node) {
        Grant {
            given("grants.value", value);
            if (value.equals("*")) {
                throw new AccessMisconfigured(
                        "a grant of portolan.access.issuers is for every value of " + claim,
                        "Name the value, or its beginning.");
            }
            if (roles.isEmpty()) {
                throw new AccessMisconfigured("the grant for " + value + " has no roles", "Give it some.");
            }
        }
    }

    private static void given(String name, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new AccessMisconfigured(
                    "portolan.access.issuers: %s is not given".formatted(name), "docs/access.md has examples.");
        }
    }
}
