package io.portolan.sdn.neutron;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openstack4j.api.types.Facing;

/**
 * Who we are in a cloud, and which of its endpoints we use: what a {@code clouds.yaml} says. Its text holds no secret.
 *
 * @param authUrl as {@link NeutronTarget} writes it; absent where the file does not say
 * @param authorities certificates in PEM that its servers are checked against; absent for those of the JVM
 * @param verify whether they are checked at all
 */
record Credential(
        @Nullable String authUrl,
        Identity identity,
        @Nullable String region,
        Facing facing,
        @Nullable String authorities,
        boolean verify) {
    /** Who signs in. */
    sealed interface Identity {}

    /** Somebody or something by its id, or by its name. */
    record Named(@Nullable String id, @Nullable String name) {
        @Override
        public String toString() {
            return Optional.ofNullable(name).orElse(String.valueOf(id));
        }
    }

    /** A user with a password, in one project. A user or project that has an id needs no domain. */
    record Password(Named user, Named userDomain, String password, Named project, Named projectDomain)
            implements Identity {
        @Override
        public String toString() {
            return "user %s of project %s".formatted(user, project);
        }
    }

    /** A credential that a user made for programs; a project goes with it. */
    record ApplicationCredential(String id, String secret) implements Identity {
        @Override
        public String toString() {
            return "application credential " + id;
        }
    }

    @Override
    public String toString() {
        return identity.toString();
    }
}
