package io.portolan.testbed.openstack;

import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * How somebody signs in to a cloud, and where: all that a {@code clouds.yaml} says.
 *
 * @param authUrl Keystone's, with its version: {@code http://…/v3}
 */
public record CloudLogin(URI authUrl, Identity identity, String region) {
    /** Who signs in. */
    public sealed interface Identity {
        Map<String, Object> scope();

        Map<String, Object> methods();
    }

    /** A user of the domain Default with one of its projects. */
    public record Password(String user, String password, String project) implements Identity {
        @Override
        public Map<String, Object> scope() {
            return Map.of("scope", Map.of("project", Map.of("name", project, "domain", Map.of("name", "Default"))));
        }

        @Override
        public Map<String, Object> methods() {
            Map<String, Object> who = Map.of("name", user, "domain", Map.of("name", "Default"), "password", password);
            return Map.of("methods", List.of("password"), "password", Map.of("user", who));
        }

        /** Without the password. */
        @Override
        public String toString() {
            return "user %s of project %s".formatted(user, project);
        }
    }

    /** A credential that a user made for a program; it belongs to one project. */
    public record ApplicationCredential(String id, String secret) implements Identity {
        @Override
        public Map<String, Object> scope() {
            return Map.of();
        }

        @Override
        public Map<String, Object> methods() {
            return Map.of(
                    "methods",
                    List.of("application_credential"),
                    "application_credential",
                    Map.of("id", id, "secret", secret));
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "application credential " + id;
        }
    }

    public static final String FIRST_REGION = "RegionOne";

    /** The same by another way, for example a proxy before Keystone. */
    public CloudLogin by(URI otherAuthUrl) {
        return new CloudLogin(otherAuthUrl, identity, region);
    }

    public CloudLogin inRegion(String name) {
        return new CloudLogin(authUrl, identity, name);
    }

    /** A {@code clouds.yaml} with one entry of this name. */
    public String cloudsYaml(String cloud) {
        String who = switch (identity) {
            case Password password -> """
                                auth:
                                  auth_url: %s
                                  username: %s
                                  password: %s
                                  project_name: %s
                                  user_domain_name: Default
                                  project_domain_name: Default
                            """.formatted(authUrl, password.user(), password.password(), password.project());
            case ApplicationCredential credential -> """
                                auth_type: v3applicationcredential
                                auth:
                                  auth_url: %s
                                  application_credential_id: %s
                                  application_credential_secret: %s
                            """.formatted(authUrl, credential.id(), credential.secret());
        };
        return "clouds:\n  %s:\n%s    region_name: %s\n    interface: public\n    identity_api_version: 3\n"
                .formatted(cloud, who, region);
    }
}
