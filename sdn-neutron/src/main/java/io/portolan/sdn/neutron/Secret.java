package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mounted secret: a directory with {@code clouds.yaml} and perhaps {@code cacert}. Looked at in every call and read
 * again when a file is another one, so that a rotated secret counts from the next call on.
 */
final class Secret {
    private record Stamp(
            Path file, long modified, long size, @Nullable Object key) {}

    private record Content(Credential credential, List<Stamp> stamps) {}

    private static final String CLOUDS = "clouds.yaml";
    private static final String AUTHORITIES = "cacert";

    private final NeutronTarget target;
    private @Nullable Content content;

    Secret(NeutronTarget target) {
        this.target = target;
    }

    /** What people call it. */
    private String name() {
        return String.valueOf(target.secret().getFileName());
    }

    synchronized Credential credential() {
        Content before = content;
        if (before == null
                || !before.stamps()
                        .equals(before.stamps().stream()
                                .map(s -> stamp(s.file()))
                                .toList())) {
            content = null;
            before = read();
            content = before;
        }
        return before.credential();
    }

    private Content read() {
        Path clouds = target.secret().resolve(CLOUDS);
        Path beside = target.secret().resolve(AUTHORITIES);
        List<Stamp> stamps = new ArrayList<>(List.of(stamp(clouds), stamp(beside)));
        try {
            CloudsYaml yaml = CloudsYaml.parse(Files.readString(clouds));
            String named = yaml.cacert();
            Path authorities = named == null ? beside : target.secret().resolve(named);
            stamps.add(stamp(authorities));
            String pem = named != null || Files.exists(authorities) ? Files.readString(authorities) : null;
            Credential credential = yaml.credential(pem);
            if (credential.authUrl() != null && !credential.authUrl().equals(target.authUrl())) {
                throw refused("is for the cloud at %s, not %s".formatted(credential.authUrl(), target.authUrl()));
            }
            return new Content(credential, stamps);
        } catch (CloudsYaml.Malformed e) {
            throw refused(String.valueOf(e.getMessage()));
        } catch (NoSuchFileException e) {
            throw refused(e.getFile().endsWith(CLOUDS) ? "is not there" : "names a cacert that is not there");
        } catch (IOException e) {
            throw refused("cannot be read: " + e.getClass().getSimpleName());
        }
    }

    private Refused refused(String what) {
        return new Refused(Reason.NOT_AUTHENTICATED, "%s of secret '%s' %s".formatted(CLOUDS, name(), what));
    }

    private static Stamp stamp(Path file) {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(file, found.lastModifiedTime().toMillis(), found.size(), found.fileKey());
        } catch (IOException e) {
            return new Stamp(file, -1, -1, null);
        }
    }

    @Override
    public String toString() {
        return "secret '" + name() + "'";
    }
}
