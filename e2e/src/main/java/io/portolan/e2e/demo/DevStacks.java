package io.portolan.e2e.demo;

import io.portolan.e2e.stack.DevIssuer;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.model.identity.TokenFile;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code ./portolan up} left running on this machine; one at a time. */
final class DevStacks {
    static final Path ROOT = Path.of("/run/portolan-up");

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String FILE = "stack.json";

    /** Where a running stack is. */
    record Running(Path directory, String ipam, String topology, String lb, String security, List<String> agents) {
        /** As whoever runs the stack. */
        RestCalls calls(String base) {
            return new RestCalls(base).as(new TokenFile(DevIssuer.operatorToken(directory)));
        }
    }

    private DevStacks() {}

    static void remember(Workspace workspace, Stack stack) {
        try {
            Files.writeString(
                    workspace.directory().resolve(FILE),
                    JSON.writeValueAsString(Map.of(
                            "ipam", stack.ipamCalls().base(),
                            "topology", stack.topologyCalls().base(),
                            "lb", stack.lbCalls().base(),
                            "security", stack.securityCalls().base(),
                            "agents",
                                    stack.workers().values().stream()
                                            .map(worker ->
                                                    worker.introspection().base())
                                            .toList())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Optional<Running> running() {
        for (Path directory : Workspace.under(ROOT)) {
            Path file = directory.resolve(FILE);
            if (Workspace.ownerLives(directory)) {
                if (!Files.exists(file)) {
                    return Optional.of(
                            new Running(directory, "starting", "starting", "starting", "starting", List.of()));
                }
                var seen = JSON.readTree(file.toFile());
                return Optional.of(new Running(
                        directory,
                        seen.path("ipam").asString(),
                        seen.path("topology").asString(),
                        seen.path("lb").asString(),
                        seen.path("security").asString(),
                        seen.path("agents")
                                .valueStream()
                                .map(JsonNode::asString)
                                .toList()));
            }
        }
        return Optional.empty();
    }
}
