package io.portolan.networks;

import java.nio.file.Path;

/** The directory with one directory for each secret that a cluster may name. */
public record Secrets(Path directory) {}
