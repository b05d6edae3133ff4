package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What {@code docker-compose.yml} names is there. That it comes up, a Docker engine shows: {@code ./portolan demo --compose}. */
class ComposeFileTest {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern OURS = Pattern.compile("portolan/([a-z-]+):\\$\\{PORTOLAN_VERSION:-0\\.1\\.0}");

    private final Map<?, ?> file = Manifests.plain(CHECKOUT.resolve("docker-compose.yml"));

    private Map<String, Map<?, ?>> services() {
        Map<String, Map<?, ?>> services = new TreeMap<>();
        ((Map<?, ?>) file.get("services")).forEach((name, service) -> services.put((String) name, merged(service)));
        return services;
    }

    /** With what {@code <<} brings in, which this reader leaves as a member. */
    private static Map<?, ?> merged(Object mapping) {
        Map<Object, Object> merged = new TreeMap<>();
        Map<?, ?> own = (Map<?, ?>) mapping;
        if (own.get("<<") instanceof Map<?, ?> shared) {
            merged.putAll(shared);
        }
        merged.putAll(own);
        merged.remove("<<");
        return merged;
    }

    private static List<String> strings(Object list) {
        return list instanceof Collection<?> all
                ? all.stream().map(Object::toString).toList()
                : List.of();
    }

    @Test
    void everyImageOfOursIsOneThatIsBuilt() throws IOException {
        Set<String> stages = matches(CHECKOUT.resolve("images/Dockerfile"), "(?m)^FROM .* AS ([a-z-]+)$");
        Set<String> named = new TreeSet<>();
        for (Map<?, ?> service : services().values()) {
            OURS.matcher((String) service.get("image")).results().forEach(each -> named.add(each.group(1)));
        }
        assertThat(stages).containsAll(named);
        assertThat(named).hasSize(9);
        String launcher = Files.readString(CHECKOUT.resolve("portolan"));
        String built = Pattern.compile("(?m)^IMAGES=\\((.*)\\)$")
                .matcher(launcher)
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
        assertThat(List.of(built.split(" "))).containsExactlyInAnyOrderElementsOf(named);
        Set<String> inManifests = new TreeSet<>();
        new Manifests(CHECKOUT.resolve("k8s"))
                .installed().stream()
                        .flatMap(manifest -> manifest.containers().stream())
                        .forEach(container -> inManifests.add(container.getImage()));
        assertThat(inManifests)
                .allSatisfy(image -> assertThat(named.stream().map("portolan/%s:0.1.0"::formatted))
                        .contains(image));
    }

    private static Set<String> matches(Path file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everySettingIsOneThatTheCodeKnows() {
        Settings settings = new Settings(CHECKOUT);
        Set<String> set = new TreeSet<>();
        services().forEach((name, service) -> {
            if (name.endsWith("-service") || name.startsWith("agent-") || name.equals("migration")) {
                merged(service.get("environment")).keySet().forEach(key -> set.add((String) key));
            }
        });
        assertThat(set).hasSizeGreaterThan(15).allMatch(settings::knows);
    }

    @Test
    void everyVolumeNetworkAndServiceThatIsNamedIsThere() {
        Set<String> volumes = names("volumes");
        Set<String> networks = names("networks");
        Set<String> services = services().keySet();
        services().forEach((name, service) -> {
            for (String volume : strings(service.get("volumes"))) {
                String source = volume.split(":", 2)[0];
                if (source.startsWith("./")) {
                    assertThat(CHECKOUT.resolve(source)).as(name).exists();
                } else {
                    assertThat(volumes).as(name).contains(source);
                }
            }
            assertThat(networks).as(name).containsAll(strings(service.get("networks")));
            Object before = service.get("depends_on");
            assertThat(services)
                    .as(name)
                    .containsAll(before instanceof Map<?, ?> map ? strings(map.keySet()) : strings(before));
        });
    }

    private Set<String> names(String member) {
        return ((Map<?, ?>) file.get(member))
                .keySet().stream().map(Object::toString).collect(Collectors.toSet());
    }

    /** Everything else is reached from this machine alone. */
    @Test
    void noPortIsOpenToOthers() {
        List<String> ports = new ArrayList<>();
        services().values().forEach(service -> ports.addAll(strings(service.get("ports"))));
        assertThat(ports).hasSize(8).allSatisfy(port -> assertThat(port).startsWith("127.0.0.1:"));
    }

    @Test
    void nobodyIsPrivileged() {
        assertThat(services().values())
                .noneMatch(service -> service.containsKey("privileged"))
                .noneMatch(service -> "host".equals(service.get("network_mode")));
        services().forEach((name, service) -> {
            if (name.endsWith("-service")) {
                assertThat(service.get("read_only")).as(name).isEqualTo(true);
                assertThat(strings(service.get("cap_drop"))).as(name).containsExactly("ALL");
                assertThat(service.containsKey("cap_add")).as(name).isFalse();
            }
        });
    }
}
