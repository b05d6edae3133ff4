package io.portolan.sdn.neutron;

import io.portolan.sdn.neutron.Credential.ApplicationCredential;
import io.portolan.sdn.neutron.Credential.Identity;
import io.portolan.sdn.neutron.Credential.Named;
import io.portolan.sdn.neutron.Credential.Password;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openstack4j.api.types.Facing;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Reads OpenStack's {@code clouds.yaml}: of its clouds the one called {@code openstack}, or the only one. What is wrong
 * with a file is told without anything of its content, as a password may be on any line of it.
 */
record CloudsYaml(Map<?, ?> cloud) {
    private static final String PREFERRED = "openstack";

    /** What is wrong with the file; the message is what comes after its name. */
    static final class Malformed extends Exception {
        Malformed(String message) {
            super(message);
        }
    }

    static CloudsYaml parse(String text) throws Malformed {
        Object document;
        try {
            document = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new Malformed("is no YAML: see line " + line);
        } catch (YAMLException e) {
            throw new Malformed("is no YAML");
        }
        if (!(document instanceof Map<?, ?> root) || !(root.get("clouds") instanceof Map<?, ?> clouds)) {
            throw new Malformed("has no 'clouds'");
        }
        Object chosen = clouds.size() == 1 ? clouds.values().iterator().next() : clouds.get(PREFERRED);
        if (!(chosen instanceof Map<?, ?> cloud)) {
            throw new Malformed("has %d clouds and none is called '%s'".formatted(clouds.size(), PREFERRED));
        }
        return new CloudsYaml(cloud);
    }

    /** The path of a bundle of certificates, as the file has it. */
    @Nullable String cacert() {
        return text(cloud, "cacert");
    }

    Credential credential(@Nullable String authorities) throws Malformed {
        String url = text(auth(), "auth_url");
        return new Credential(
                url == null ? null : authUrl(url),
                identity(),
                text(cloud, "region_name"),
                facing(),
                authorities,
                !Boolean.FALSE.equals(cloud.get("verify")));
    }

    private static String authUrl(String url) throws Malformed {
        try {
            return NeutronTarget.plain(url);
        } catch (IllegalArgumentException e) {
            throw new Malformed("has an auth_url that is none");
        }
    }

    private Map<?, ?> auth() throws Malformed {
        if (cloud.get("auth") instanceof Map<?, ?> auth) {
            return auth;
        }
        throw new Malformed("has no 'auth'");
    }

    private Identity identity() throws Malformed {
        Map<?, ?> auth = auth();
        String id = text(auth, "application_credential_id");
        if (id != null) {
            return new ApplicationCredential(id, needed(auth, "application_credential_secret"));
        }
        if (text(auth, "password") == null) {
            throw new Malformed("has neither 'password' nor 'application_credential_id' under 'auth'");
        }
        Named user = new Named(text(auth, "user_id"), text(auth, "username"));
        Named project = new Named(text(auth, "project_id"), text(auth, "project_name"));
        return new Password(
                some(user, "username"),
                domain(auth, "user_domain"),
                needed(auth, "password"),
                some(project, "project_name"),
                domain(auth, "project_domain"));
    }

    private static Named domain(Map<?, ?> auth, String whose) {
        Named own = new Named(text(auth, whose + "_id"), text(auth, whose + "_name"));
        if (own.id() != null || own.name() != null) {
            return own;
        }
        Named both = new Named(text(auth, "domain_id"), text(auth, "domain_name"));
        return both.id() != null || both.name() != null ? both : new Named("default", null);
    }

    private static Named some(Named named, String field) throws Malformed {
        if (named.id() == null && named.name() == null) {
            throw new Malformed("has no '%s' under 'auth'".formatted(field));
        }
        return named;
    }

    private static String needed(Map<?, ?> map, String field) throws Malformed {
        String value = text(map, field);
        if (value == null) {
            throw new Malformed("has no '%s' under 'auth'".formatted(field));
        }
        return value;
    }

    /** {@code publicURL} is an old way to write {@code public}. */
    private Facing facing() throws Malformed {
        String text = text(cloud, "interface");
        String word = text == null ? "public" : text.toLowerCase(Locale.ROOT).replaceFirst("url$", "");
        return switch (word) {
            case "public" -> Facing.PUBLIC;
            case "internal" -> Facing.INTERNAL;
            case "admin" -> Facing.ADMIN;
            default -> throw new Malformed("has an 'interface' that is none of public, internal and admin");
        };
    }

    private static @Nullable String text(Map<?, ?> map, String field) {
        Object value = map.get(field);
        return value == null || value.toString().isBlank() ? null : value.toString();
    }
}
