package io.portolan.e2e.demo;

import io.portolan.e2e.stack.Stack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What the demo was told.
 *
 * @param json the checks as JSON on standard output, the words on the other
 * @param up whether it stays
 * @param kubeconfig of a cluster that Services are made in; without one an API server in memory has them
 */
record Options(Stack.Mode mode, boolean json, boolean up, Optional<Path> kubeconfig) {
    /** A word that the demo does not know; its message is for a person. */
    static final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        Unknown(String message) {
            super(message);
        }
    }

    static Options of(String... words) throws Unknown {
        Stack.Mode mode = Stack.Mode.OVERLAY;
        boolean json = false;
        boolean up = false;
        Optional<Path> kubeconfig = Optional.empty();
        for (int i = 0; i < words.length; i++) {
            switch (words[i]) {
                case "--json" -> json = true;
                case "--up" -> up = true;
                case "--mode" -> {
                    i++;
                    mode = mode(i < words.length ? words[i] : "nothing");
                }
                case "--kubeconfig" -> {
                    i++;
                    kubeconfig = Optional.of(kubeconfig(i < words.length ? words[i] : ""));
                }
                default -> {
                    if (words[i].startsWith("--mode=")) {
                        mode = mode(words[i].substring("--mode=".length()));
                    } else if (words[i].startsWith("--kubeconfig=")) {
                        kubeconfig = Optional.of(kubeconfig(words[i].substring("--kubeconfig=".length())));
                    } else {
                        throw new Unknown("demo does not know '%s'; it takes --mode MODE, --kubeconfig FILE and --json"
                                .formatted(words[i]));
                    }
                }
            }
        }
        return new Options(mode, json, up, kubeconfig);
    }

    private static Path kubeconfig(String word) throws Unknown {
        Path file = Path.of(word);
        if (!Files.isRegularFile(file)) {
            throw new Unknown("there is no kubeconfig '%s'".formatted(word));
        }
        return file;
    }

    private static Stack.Mode mode(String word) throws Unknown {
        return Arrays.stream(Stack.Mode.values())
                .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> new Unknown("the modes are overlay and underlay, not " + word));
    }
}
