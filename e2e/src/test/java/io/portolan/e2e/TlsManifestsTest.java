package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.portolan.e2e.Manifests.Manifest;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The components tls and mtls fit what is installed, the certificates of the example, and each other. */
class TlsManifestsTest {
    private static final Path K8S = Path.of("..").toAbsolutePath().normalize().resolve("k8s");
    private static final List<String> SERVICES =
            List.of("ipam-service", "lb-sync-service", "security-service", "topology-service");

    private final Manifests manifests = new Manifests(K8S);
    private final Map<String, PodTemplateSpec> base = templates(manifests.installed());

    private List<Manifest> component(String name) {
        return manifests.all().stream()
                .filter(manifest ->
                        manifest.file().startsWith(K8S.resolve("components").resolve(name)))
                .toList();
    }

    private static Map<String, PodTemplateSpec> templates(List<Manifest> of) {
        Map<String, PodTemplateSpec> templates = new TreeMap<>();
        of.forEach(manifest -> manifest.template()
                .ifPresent(template ->
                        templates.put(manifest.object().getMetadata().getName(), template)));
        return templates;
    }

    private static Container container(PodTemplateSpec template) {
        return template.getSpec().getContainers().getFirst();
    }

    private static List<Probe> probes(Container container) {
        return List.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe());
    }

    private Map<String, String> settings(String component, String name) {
        return component(component).stream()
                .map(Manifest::object)
                .filter(ConfigMap.class::isInstance)
                .filter(map -> map.getMetadata().getName().equals(name))
                .map(map -> ((ConfigMap) map).getData())
                .collect(Collectors.collectingAndThen(Collectors.toList(), List::getFirst));
    }

    private static Map<String, List<?>> namesBySecret() {
        return Manifests.read(K8S.resolve("examples/certificates.yaml")).stream()
                .map(manifest -> (GenericKubernetesResource) manifest.object())
                .filter(object -> object.getKind().equals("Certificate"))
                .filter(certificate -> certificate.get("spec", "isCA") == null)
                .collect(Collectors.toMap(
                        certificate -> certificate.get("spec", "secretName"),
                        certificate -> certificate.<List<?>>get("spec", "dnsNames")));
    }

    @Test
    void everyPartHasACertificateWhereItsSettingsSay() {
        Map<String, PodTemplateSpec> patches = templates(component("tls"));
        assertThat(patches.keySet())
                .containsExactlyInAnyOrderElementsOf(Stream.concat(SERVICES.stream(), Stream.of("node-agent"))
                        .toList());
        patches.forEach((name, patch) -> {
            Container container = container(patch);
            assertThat(container.getName()).isEqualTo(container(base.get(name)).getName());
            assertThat(patch.getSpec().getVolumes()).singleElement().satisfies(volume -> {
                assertThat(volume.getSecret().getSecretName())
                        .isEqualTo(name + "-tls")
                        .isIn(namesBySecret().keySet());
                assertThat(container.getVolumeMounts())
                        .singleElement()
                        .extracting(VolumeMount::getName)
                        .isEqualTo(volume.getName());
            });
            assertThat(container.getVolumeMounts().getFirst().getMountPath())
                    .isEqualTo(settings("tls", SERVICES.contains(name) ? "services" : name)
                            .get("PORTOLAN_TLS"));
            if (SERVICES.contains(name)) {
                assertThat(probes(container))
                        .allSatisfy(probe ->
                                assertThat(probe.getHttpGet().getScheme()).isEqualTo("HTTPS"));
            }
        });
    }

    @Test
    void everyUrlIsHttpsAndOfANameThatTheServersCertificateHas() {
        Map<String, List<?>> names = namesBySecret();
        for (String map : List.of("services", "node-agent")) {
            List<URI> before = urls(manifests.installed().stream()
                    .map(Manifest::object)
                    .filter(ConfigMap.class::isInstance)
                    .filter(object -> object.getMetadata().getName().equals(map))
                    .map(object -> ((ConfigMap) object).getData())
                    .collect(Collectors.collectingAndThen(Collectors.toList(), List::getFirst)));
            List<URI> urls = urls(settings("tls", map));
            assertThat(urls).hasSameSizeAs(before).isNotEmpty().allSatisfy(url -> {
                assertThat(url.getScheme()).isEqualTo("https");
                String service = url.getHost().replaceFirst("\\..*", "");
                assertThat(names.get(service + "-tls")).asString().contains(url.getHost());
            });
            assertThat(settings("tls", map)).containsEntry("SPRING_PROFILES_ACTIVE", "tls");
            assertThat(settings("mtls", map)).containsEntry("SPRING_PROFILES_ACTIVE", "mtls");
        }
    }

    private static List<URI> urls(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(setting -> setting.getKey().matches(".*_(TOPOLOGY|IPAMCLIENT|SECURITY)_?URLS?|.*URLS"))
                .flatMap(setting -> Arrays.stream(setting.getValue().split(",")))
                .map(URI::create)
                .toList();
    }

    @Test
    void underMtlsProbesHaveAPortOfTheirOwn() {
        Map<String, PodTemplateSpec> patches = templates(component("mtls"));
        assertThat(patches.keySet()).containsExactlyInAnyOrderElementsOf(SERVICES);
        patches.forEach((name, patch) -> {
            Container container = container(patch);
            assertThat(container.getName()).isEqualTo(container(base.get(name)).getName());
            ContainerPort served = container(base.get(name)).getPorts().getFirst();
            assertThat(container.getPorts()).singleElement().satisfies(port -> {
                assertThat(port.getName()).isEqualTo("probes");
                assertThat(port.getContainerPort())
                        .as("as tls-server.yaml has it")
                        .isEqualTo(Integer.parseInt("1" + served.getContainerPort()));
            });
            assertThat(probes(container))
                    .allSatisfy(probe ->
                            assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("probes"));
        });
        NetworkPolicy policy = component("mtls").stream()
                .map(Manifest::object)
                .filter(NetworkPolicy.class::isInstance)
                .map(NetworkPolicy.class::cast)
                .findFirst()
                .orElseThrow();
        for (String service : SERVICES) {
            assertThat(base.get(service).getMetadata().getLabels().entrySet())
                    .containsAll(
                            policy.getSpec().getPodSelector().getMatchLabels().entrySet());
        }
    }
}
