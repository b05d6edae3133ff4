package io.portolan.sdn.neutron;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where a cluster's cloud is and who we are there.
 *
 * @param authUrl Keystone's URL, with or without {@code /v3}; kept without, and without a slash at its end
 * @param secret a directory with a {@code clouds.yaml} and perhaps a {@code cacert}; read again whenever it changes
 */
public record NeutronTarget(String authUrl, Path secret) {
    /** @throws IllegalArgumentException where the URL is none; its message says why */
    public NeutronTarget {
        authUrl = plain(authUrl);
    }

    static String plain(String url) {
        try {
            URI uri = new URI(url.strip().replaceFirst("/+$", "").replaceFirst("/v3$", ""));
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if (!scheme.matches("https?") || uri.getHost() == null) {
                throw new IllegalArgumentException("write http(s)://host:port[/path][/v3]");
            }
            if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
                throw new IllegalArgumentException("it has no user, query or fragment");
            }
            return uri.toString().replaceFirst("/+$", "");
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("write http(s)://host:port[/path][/v3]", e);
        }
    }
}
