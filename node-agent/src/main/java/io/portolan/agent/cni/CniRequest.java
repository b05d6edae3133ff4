package io.portolan.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A call, checked.
 *
 * @param containerId empty where the command is about none, as is the interface's name
 * @param namespace the pod's; absent where the command does without
 */
record CniRequest(
        CniCommand command,
        String containerId,
        String interfaceName,
        Optional<Path> namespace,
        PodArguments arguments,
        NetworkConfig config) {
    private static final Pattern CONTAINER_ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
    private static final int LONGEST_CONTAINER_ID = 200;
    private static final int LONGEST_INTERFACE_NAME = 15;

    /** @throws CniRefused that names the variable or the field */
    static CniRequest parse(Frame frame, String type) {
        CniCommand command = command(frame);
        NetworkConfig config = NetworkConfig.parse(NetworkConfig.json(frame.input()), type);
        if (!config.version().atLeast(command.since())) {
            throw CniError.INCOMPATIBLE_VERSION.because("%s needs cniVersion %s or later, not %s"
                    .formatted(command, command.since().text(), config.version().text()));
        }
        return new CniRequest(
                command,
                command.ofSandbox() ? containerId(frame) : "",
                command.ofSandbox() ? interfaceName(frame) : "",
                namespace(frame, command),
                // A DEL must not fail for words that it does not need.
                command == CniCommand.ADD
                        ? PodArguments.parse(frame.variable("CNI_ARGS"))
                        : new PodArguments(Optional.empty(), Optional.empty(), Optional.empty()),
                config);
    }

    static CniCommand command(Frame frame) {
        String text = required(frame, "CNI_COMMAND");
        return CniCommand.of(text)
                .orElseThrow(() -> CniError.INVALID_ENVIRONMENT.because(
                        "CNI_COMMAND is none of ADD, DEL, CHECK, GC, STATUS, VERSION"));
    }

    private static String containerId(Frame frame) {
        String id = required(frame, "CNI_CONTAINERID");
        if (id.length() > LONGEST_CONTAINER_ID || !CONTAINER_ID.matcher(id).matches()) {
            throw CniError.INVALID_ENVIRONMENT.because(
                    "CNI_CONTAINERID begins with a letter or digit, goes on with these, _ . - and has at most "
                            + LONGEST_CONTAINER_ID);
        }
        return id;
    }

    private static String interfaceName(Frame frame) {
        String name = required(frame, "CNI_IFNAME");
        boolean fit = name.getBytes(UTF_8).length <= LONGEST_INTERFACE_NAME
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == ':' || c == '%' || c <= ' ' || c == 0x7f);
        if (!fit) {
            throw CniError.INVALID_ENVIRONMENT.because(
                    "CNI_IFNAME is no name for an interface: at most 15 bytes without / : %% and spaces, not . or .."
                            .formatted());
        }
        return name;
    }

    private static Optional<Path> namespace(Frame frame, CniCommand command) {
        String text = frame.variable("CNI_NETNS");
        if (!command.ofSandbox() || (text.isEmpty() && !command.needsNamespace())) {
            return Optional.empty();
        }
        try {
            Path path = Path.of(required(frame, "CNI_NETNS"));
            if (!path.isAbsolute()) {
                throw CniError.INVALID_ENVIRONMENT.because("CNI_NETNS is no absolute path");
            }
            return Optional.of(path);
        } catch (InvalidPathException e) {
            throw CniError.INVALID_ENVIRONMENT.because("CNI_NETNS is no path");
        }
    }

    private static String required(Frame frame, String variable) {
        String value = frame.variable(variable);
        if (value.isEmpty()) {
            throw CniError.INVALID_ENVIRONMENT.because(variable + " is missing");
        }
        return value;
    }
}
