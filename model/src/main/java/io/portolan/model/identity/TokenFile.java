package io.portolan.model.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A bearer token that somebody else renews in its file, such as a service account's projected one. It is read each time,
 * because it is small and nobody says when it was renewed.
 */
public record TokenFile(Path file) {
    /** The value of a header of the name Authorization. */
    public String authorization() throws IOException {
        String token = Files.readString(file).strip();
        if (token.isEmpty()) {
            throw new IOException("there is no token in " + file);
        }
        return "Bearer " + token;
    }
}
