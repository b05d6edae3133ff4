package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.neutron.Credential.ApplicationCredential;
import io.portolan.sdn.neutron.Credential.Named;
import io.portolan.sdn.neutron.Credential.Password;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.openstack4j.api.exceptions.ConnectionException;
import org.openstack4j.core.transport.Config;
import org.openstack4j.core.transport.HttpMethod;
import org.openstack4j.core.transport.HttpRequest;
import org.openstack4j.core.transport.HttpResponse;
import org.openstack4j.core.transport.internal.HttpExecutor;
import org.openstack4j.openstack.identity.v3.domain.KeystoneToken;

/**
 * The token that all calls to one cloud with one credential share. Whoever finds it old gets a new one; the others go on
 * with the old one as long as it is good, and wait where it is not, so that Keystone is asked once. What the one was
 * told, those that waited are told, too. A credential that Keystone does not accept is not shown to it again for a
 * while, unless the secret changes: some clouds lock a user out after a few failures.
 */
final class Login {
    private static final String TOKENS = "/auth/tokens";
    private static final Duration AHEAD = Duration.ofMinutes(5);
    private static final Duration REFUSAL_STANDS = Duration.ofSeconds(10);

    private record Failure(SdnFailure why, Credential credential, Instant at) {
        private boolean stands(Credential now) {
            return why instanceof Refused
                    && credential.equals(now)
                    && Instant.now().isBefore(at.plus(REFUSAL_STANDS));
        }

        /** A new one, as each thread has a stack of its own. */
        private SdnFailure again() {
            return why instanceof Refused refused
                    ? new Refused(refused.reason(), String.valueOf(why.getMessage()))
                    : new Unavailable(String.valueOf(why.getMessage()), why);
        }
    }

    private final NeutronTarget target;
    private final Secret secret;
    private final Wires wires;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Session current;
    private volatile @Nullable Failure failure;

    Login(NeutronTarget target, Wires wires) {
        this.target = target;
        this.secret = new Secret(target);
        this.wires = wires;
    }

    /** A session whose token is good, as far as we know. */
    Session session() {
        Credential credential = secret.credential();
        Session now = current;
        if (now == null || !usable(now, credential)) {
            return renewed(credential, now);
        }
        if (Instant.now().isAfter(now.renew()) && asking.tryLock()) {
            try {
                return now.equals(current) ? signIn(credential) : now;
            } catch (Unavailable e) {
                return now;
            } finally {
                asking.unlock();
            }
        }
        return now;
    }

    /** Another session than this one, whose token the cloud did not accept. */
    Session insteadOf(Session stale) {
        return renewed(secret.credential(), stale);
    }

    private static boolean usable(Session session, Credential credential) {
        return session.credential().equals(credential) && Instant.now().isBefore(session.end());
    }

    private Session renewed(Credential credential, @Nullable Session stale) {
        Failure before = failure;
        asking.lock();
        try {
            Session now = current;
            if (now != null && !now.equals(stale) && usable(now, credential)) {
                return now;
            }
            Failure last = failure;
            if (last != null
                    && ((!last.equals(before) && last.credential().equals(credential)) || last.stands(credential))) {
                throw last.again();
            }
            return signIn(credential);
        } finally {
            asking.unlock();
        }
    }

    private Session signIn(Credential credential) {
        try {
            Session made = ask(credential);
            failure = null;
            current = made;
            return made;
        } catch (SdnFailure e) {
            failure = new Failure(e, credential, Instant.now());
            throw e;
        }
    }

    private Session ask(Credential credential) {
        Config config = wires.config(target, Trust.of(credential));
        HttpRequest<KeystoneToken> request = HttpRequest.builder(KeystoneToken.class)
                .endpoint(target.authUrl() + "/v3")
                .path(TOKENS)
                .method(HttpMethod.POST)
                .config(config)
                .entity(Body.of("auth", auth(credential)))
                .build();
        Instant asked = Instant.now();
        try {
            HttpResponse response = HttpExecutor.create().execute(request);
            Answer answer =
                    Answer.of("POST /v3" + TOKENS, URI.create(target.authUrl()).getAuthority(), response);
            if (answer.status() == 401) {
                throw new Refused(
                        Reason.NOT_AUTHENTICATED,
                        "Keystone at %s does not accept the %s of %s: %s"
                                .formatted(
                                        target.authUrl(),
                                        credential,
                                        secret,
                                        answer.failure().getMessage()));
            }
            answer.orThrow();
            return session(response, credential, config, asked);
        } catch (ConnectionException e) {
            throw new Unavailable(
                    "Keystone at %s cannot be reached: %s".formatted(target.authUrl(), e.getMessage()), e);
        }
    }

    private Session session(HttpResponse response, Credential credential, Config config, Instant asked) {
        KeystoneToken token = response.readEntity(KeystoneToken.class);
        String id = response.header("X-Subject-Token");
        if (id == null || token.getExpires() == null || token.getIssuedAt() == null || token.getCatalog() == null) {
            throw new Unavailable(target.authUrl() + " is no Keystone: its answer has no token with a catalog");
        }
        token.setId(id);
        Duration life = Duration.between(
                token.getIssuedAt().toInstant(), token.getExpires().toInstant());
        Duration ahead = life.dividedBy(5).compareTo(AHEAD) < 0 ? life.dividedBy(5) : AHEAD;
        Instant end = asked.plus(life);
        return new Session(token, credential, config, end.minus(ahead), end);
    }

    private static Map<String, Object> auth(Credential credential) {
        return switch (credential.identity()) {
            case ApplicationCredential application ->
                Body.fields(
                        "identity",
                        Body.fields(
                                "methods",
                                List.of("application_credential"),
                                "application_credential",
                                Body.fields("id", application.id(), "secret", application.secret())));
            case Password password -> {
                Map<String, Object> user = named(password.user(), password.userDomain());
                user.put("password", password.password());
                yield Body.fields(
                        "identity",
                        Body.fields("methods", List.of("password"), "password", Body.fields("user", user)),
                        "scope",
                        Body.fields("project", named(password.project(), password.projectDomain())));
            }
        };
    }

    private static Map<String, Object> named(Named who, Named domain) {
        if (who.id() != null) {
            return Body.fields("id", who.id());
        }
        Map<String, Object> at = domain.id() == null
                ? Body.fields("name", String.valueOf(domain.name()))
                : Body.fields("id", domain.id());
        return Body.fields("name", String.valueOf(who.name()), "domain", at);
    }
}
