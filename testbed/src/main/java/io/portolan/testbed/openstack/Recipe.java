package io.portolan.testbed.openstack;

import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The files from which a cloud is made: configurations with blanks to fill in, and the few programs in Python. */
final class Recipe {
    private static final Pattern BLANK = Pattern.compile("\\$\\{(\\w+)}");

    /** All that decides what is in a template; a change of any makes another one. */
    private static final List<String> OF_THE_TEMPLATE =
            List.of("keystone.conf", "neutron.conf", "ml2_conf.ini", "octavia.conf", "prepare_keystone.py");

    private static final List<String> PACKAGES = List.of(
            "mariadb-server-core",
            "mariadb-client-core",
            "keystone",
            "neutron-common",
            "neutron-server",
            "octavia-common",
            "octavia-api",
            "octavia-driver-agent",
            "python3-ovn-octavia-provider",
            "python3-gunicorn");

    private final Path directory;
    private final Map<String, String> blanks = new HashMap<>();

    /** Files will be written to this directory, whose name fills the blank {@code directory}. */
    Recipe(Path directory) {
        this.directory = directory;
        fill("directory", directory.toString());
    }

    Recipe fill(String blank, Object value) {
        blanks.put(blank, value.toString());
        return this;
    }

    /** Writes the file of the recipe, its blanks filled, under another name; returns where it is. */
    Path write(String resource, String file) {
        String text = BLANK.matcher(text(resource))
                .replaceAll(blank -> Matcher.quoteReplacement(value(resource, blank.group(1))));
        Path target = directory.resolve(file);
        try {
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            return Files.writeString(target, text);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + target, e);
        }
    }

    private String value(String resource, String blank) {
        String value = blanks.get(blank);
        if (value == null) {
            throw new IllegalStateException("nothing fills %s in %s".formatted(blank, resource));
        }
        return value;
    }

    /** A name for what comes out of this recipe with the packages that are installed. */
    static String templateName(Workspace workspace, List<String> alsoDecides) {
        StringBuilder all = new StringBuilder(String.join("\n", alsoDecides));
        OF_THE_TEMPLATE.forEach(resource -> all.append(text(resource)));
        all.append(installed(workspace
                .command("dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\\n")
                .output()));
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(all.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The packages that a cloud is made of, with their versions; refuses if any is not installed. */
    static List<String> installed(String dpkg) {
        Map<String, String> versions = dpkg.lines()
                .map(line -> line.split(" "))
                .filter(field -> field.length == 3 && field[2].equals("installed"))
                .collect(Collectors.toMap(field -> field[0], field -> field[1], (one, other) -> one));
        List<String> missing =
                PACKAGES.stream().filter(name -> !versions.containsKey(name)).toList();
        if (!missing.isEmpty()) {
            throw new TestbedFailed(
                    "an OpenStack needs Debian's packages %s, which are not installed; ./portolan test installs them"
                            .formatted(String.join(" ", missing)));
        }
        return PACKAGES.stream().map(name -> name + " " + versions.get(name)).toList();
    }

    private static String text(String resource) {
        try (InputStream stream = Recipe.class.getResourceAsStream(resource)) {
            return new String(
                    Objects.requireNonNull(stream, () -> "no resource " + resource)
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
