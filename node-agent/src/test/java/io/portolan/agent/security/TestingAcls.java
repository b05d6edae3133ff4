package io.portolan.agent.security;

import io.portolan.agent.wiring.TestingOverlay;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Security profiles of a real OVN's first node, as security-service would have made them: its switch is closed, and a port is
 * opened by being put in a port group.
 */
public final class TestingAcls implements TestingSecurity.Network {
    private final TestingOverlay overlay;
    private final Map<ProfileId, String> groups = new LinkedHashMap<>();
    private final Map<String, Set<PortId>> members = new HashMap<>();
    private long mark;

    /** @param matches by a profile's name what its ports may send and hear */
    public TestingAcls(TestingOverlay overlay, Map<String, String> matches) {
        this.overlay = overlay;
        // OVN matches a port by equality only, so the router's is let through above the drop.
        for (String direction : List.of("from-lport", "to-lport")) {
            String uplink = direction.equals("from-lport") ? "inport" : "outport";
            overlay.central().nbctl("acl-add", "switch-1", direction, "1", "ip", "drop");
            overlay.central().nbctl("acl-add", "switch-1", direction, "2", uplink + " == \"uplink-1\" && ip", "allow");
        }
        matches.forEach((name, match) -> {
            String group = "pg_" + name;
            groups.put(TestingSecurity.id(name), group);
            members.put(group, Set.of());
            overlay.central()
                    .nbctl(
                            "pg-add",
                            group,
                            "--",
                            "acl-add",
                            group,
                            "from-lport",
                            "1000",
                            "inport == @%s && %s".formatted(group, match),
                            "allow-related",
                            "--",
                            "acl-add",
                            group,
                            "to-lport",
                            "1000",
                            "outport == @%s && %s".formatted(group, match),
                            "allow-related");
        });
    }

    @Override
    public synchronized Long put(Map<PortId, Set<ProfileId>> all) {
        List<String> command = new ArrayList<>();
        groups.forEach((profile, group) -> {
            Set<PortId> now = all.entrySet().stream()
                    .filter(one -> one.getValue().contains(profile))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
            if (!now.equals(members.put(group, now))) {
                command.addAll(List.of("--", "clear", "Port_Group", group, "ports"));
                if (!now.isEmpty()) {
                    command.addAll(List.of("--", "pg-set-ports", group));
                    now.forEach(port -> command.add(port.toString()));
                }
            }
        });
        mark++;
        command.addAll(List.of("--", "set", "NB_Global", ".", "nb_cfg=" + mark));
        overlay.central().nbctl(command.subList(1, command.size()).toArray(String[]::new));
        return mark;
    }

    /** In which groups OVN's own database has a port. */
    public Set<String> of(PortId port) {
        String row = overlay.central()
                .nbctl("--bare", "--columns=_uuid", "find", "Logical_Switch_Port", "name=" + port)
                .strip();
        return groups.values().stream()
                .filter(group -> Objects.requireNonNull(overlay.central()
                                .nbctl("--bare", "--columns=ports", "find", "Port_Group", "name=" + group))
                        .contains(row))
                .map(group -> group.substring(3))
                .collect(Collectors.toSet());
    }
}
