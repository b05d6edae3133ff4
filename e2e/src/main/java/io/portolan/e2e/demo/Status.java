package io.portolan.e2e.demo;

import io.portolan.e2e.demo.DevStacks.Running;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Says what {@code up} left running; exits 1 where nothing runs or a service is not ready. */
final class Status {
    private Status() {}

    static void main() {
        Optional<Running> running = DevStacks.running();
        if (running.isEmpty()) {
            System.out.println("portolan: nothing is up");
            System.exit(1);
        }
        Running up = running.get();
        Screen screen = new Screen(false);
        boolean ready = true;
        List<List<String>> rows = new ArrayList<>();
        Map<String, String> services = new LinkedHashMap<>();
        services.put("ipam-service", up.ipam());
        services.put("topology-service", up.topology());
        services.put("lb-sync-service", up.lb());
        services.put("security-service", up.security());
        for (Map.Entry<String, String> service : services.entrySet()) {
            String base = service.getValue();
            boolean answers = !base.equals("starting") && new RestCalls(base).answers("/actuator/health/readiness");
            ready &= answers;
            rows.add(List.of(service.getKey(), answers ? "ready" : "not ready", base + "/swagger-ui.html"));
        }
        screen.table(List.of("service", "state", "Swagger UI"), rows);
        if (ready) {
            List<List<String>> nodes = new ArrayList<>();
            for (JsonNode node : up.calls(up.topology())
                    .get("/v1/clusters/" + Stack.CLUSTER + "/nodes")
                    .body()
                    .path("nodes")) {
                nodes.add(List.of(
                        node.path("name").asString(),
                        node.path("state").asString(),
                        node.path("ports").toString()));
            }
            screen.say("");
            screen.table(List.of("node", "state", "ports"), nodes);
            screen.say("");
            Services.show(screen, up.calls(up.lb()));
        }
        screen.say("");
        screen.say("          logs and databases: " + up.directory());
        System.exit(ready ? 0 : 1);
    }
}
