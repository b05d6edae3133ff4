package io.portolan.kit.access;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.text.ParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys in a file, as of now: one that is added counts at once, and one that is taken away no more. */
final class KeyFile implements JWKSource<SecurityContext> {
    private final Path file;
    private volatile @Nullable Read last;

    private record Stamp(
            FileTime modified, long size, @Nullable Object inode) {}

    private record Read(Stamp stamp, JWKSet keys) {}

    KeyFile(Path file) {
        this.file = file;
    }

    @Override
    public List<JWK> get(JWKSelector wanted, @Nullable SecurityContext context) throws KeySourceException {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            Stamp stamp = new Stamp(now.lastModifiedTime(), now.size(), now.fileKey());
            Read read = last;
            if (read == null || !read.stamp().equals(stamp)) {
                read = new Read(stamp, JWKSet.parse(Files.readString(file)));
                last = read;
            }
            return wanted.select(read.keys());
        } catch (IOException | ParseException e) {
            throw new JWKSetUnavailableException("no keys can be read from " + file, e);
        }
    }
}
