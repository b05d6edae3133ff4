package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapEnvSource;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.portolan.e2e.Manifests.Manifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is below {@code k8s/} is what Kubernetes and the code know, and no more than is needed. */
class ManifestsTest {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final Path K8S = CHECKOUT.resolve("k8s");
    private static final List<String> SERVICES =
            List.of("ipam-service", "lb-sync-service", "security-service", "topology-service");

    private final Manifests manifests = new Manifests(K8S);
    private final List<Manifest> installed = manifests.installed();

    private <T> List<T> installed(Class<T> kind) {
        return installed.stream()
                .map(Manifest::object)
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    @Test
    void everyManifestHasOnlyWhatKubernetesKnows() {
        List<String> unknown = new ArrayList<>();
        List<String> untyped = new ArrayList<>();
        for (Manifest manifest : manifests.all()) {
            if (manifest.object() instanceof GenericKubernetesResource) {
                untyped.add(manifest.name());
            } else {
                unknown.addAll(Manifests.unknown(manifest.object(), manifest.toString()));
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(untyped)
                .as("kinds that are not Kubernetes' own")
                .containsExactlyInAnyOrder(
                        "ServiceMonitor/portolan",
                        "PodMonitor/node-agent",
                        "PrometheusRule/portolan",
                        "Issuer/portolan-root",
                        "Issuer/portolan",
                        "Certificate/portolan-authority",
                        "Certificate/ipam-service",
                        "Certificate/topology-service",
                        "Certificate/lb-sync-service",
                        "Certificate/security-service",
                        "Certificate/node-agent");
        assertThat(installed).hasSizeGreaterThan(30);
    }

    /** So that the test above finds what it looks for. */
    @Test
    void aMisspeltMemberIsFound() {
        Deployment deployment =
                (Deployment) new io.fabric8.kubernetes.client.utils.KubernetesSerialization().unmarshal("""
                        apiVersion: apps/v1
                        kind: Deployment
                        metadata: {name: x}
                        spec: {template: {spec: {containers: [{name: x, imgae: y}]}}}
                        """);
        assertThat(Manifests.unknown(deployment, "x")).containsExactly("x.Spec.Template.Spec.Containers[].imgae");
    }

    @Test
    void everyFileIsNamedByAKustomizationAndEveryNameIsAFile() {
        Set<Path> named = new TreeSet<>();
        for (Path kustomization : manifests.kustomizations()) {
            Map<?, ?> content = Manifests.plain(kustomization);
            assertThat(content.keySet().stream().map(Object::toString))
                    .as("%s", kustomization)
                    .isSubsetOf(
                            "apiVersion",
                            "kind",
                            "namespace",
                            "resources",
                            "components",
                            "patches",
                            "configMapGenerator");
            Path directory = Objects.requireNonNull(kustomization.getParent());
            for (String path : paths(content)) {
                Path file = directory.resolve(path).normalize();
                assertThat(file).as("named by %s", kustomization).exists();
                named.add(Files.isDirectory(file) ? file.resolve("kustomization.yaml") : file);
            }
        }
        Set<Path> there = new TreeSet<>(manifests.documents());
        there.removeIf(file -> file.startsWith(K8S.resolve("examples")));
        assertThat(named).containsAll(there).allSatisfy(file -> assertThat(file).isRegularFile());
    }

    private static List<String> paths(Map<?, ?> kustomization) {
        List<String> paths = new ArrayList<>();
        for (String member : List.of("resources", "components")) {
            list(kustomization, member).forEach(each -> paths.add(each.toString()));
        }
        list(kustomization, "patches").forEach(each -> paths.add((String) ((Map<?, ?>) each).get("path")));
        return paths;
    }

    private static Collection<?> list(Map<?, ?> content, String member) {
        return content.get(member) instanceof Collection<?> values ? values : List.of();
    }

    @Test
    void anOverlayPatchesWhatIsThere() {
        Map<String, Manifest> base = installed.stream().collect(Collectors.toMap(Manifest::name, manifest -> manifest));
        List<Manifest> patches = manifests.all().stream()
                .filter(manifest -> manifest.file().startsWith(K8S.resolve("overlays")))
                .toList();
        assertThat(patches).hasSize(4).allSatisfy(patch -> {
            assertThat(base).containsKey(patch.name());
            assertThat(names(patch)).isSubsetOf(names(base.get(patch.name())));
        });
    }

    private static Set<String> names(Manifest manifest) {
        return manifest.containers().stream().map(Container::getName).collect(Collectors.toSet());
    }

    @Test
    void everyContainerIsProbedLimitedAndConfined() {
        List<Container> all = new ArrayList<>();
        for (Manifest manifest : installed) {
            manifest.template().ifPresent(template -> {
                all.addAll(manifest.containers());
                assertThat(template.getSpec().getContainers())
                        .as("%s", manifest)
                        .allSatisfy(container -> {
                            assertThat(container.getLivenessProbe()).isNotNull();
                            if (!manifest.object().getKind().equals("Job")) {
                                assertThat(container.getReadinessProbe()).isNotNull();
                                assertThat(container.getStartupProbe()).isNotNull();
                            }
                        });
            });
        }
        assertThat(all).hasSize(7).allSatisfy(container -> {
            assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
            assertThat(container.getResources().getLimits()).containsKey("memory");
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .isTrue();
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
            assertThat(container.getSecurityContext().getPrivileged()).isNull();
            assertThat(container.getSecurityContext().getCapabilities().getDrop())
                    .containsExactly("ALL");
        });
        assertThat(installed.stream()
                        .flatMap(manifest -> manifest.containers().stream())
                        .filter(container -> !container.getName().equals("node-agent")
                                && !container.getName().equals("install"))
                        .map(container ->
                                container.getSecurityContext().getCapabilities().getAdd()))
                .as("capabilities of what is not on the nodes")
                .hasSize(5)
                .allSatisfy(added -> assertThat(added).isEmpty());
        assertThat(installed(Deployment.class)).hasSize(SERVICES.size()).allSatisfy(deployment -> {
            var pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            assertThat(pod.getTopologySpreadConstraints()).hasSize(2);
            assertThat(deployment.getSpec().getReplicas()).isGreaterThan(1);
        });
    }

    @Test
    void anAgentOutlivesEverythingElseOnItsNode() {
        DaemonSet agent = installed(DaemonSet.class).getFirst();
        var pod = agent.getSpec().getTemplate().getSpec();
        assertThat(pod.getPriorityClassName()).isEqualTo("system-node-critical");
        assertThat(pod.getHostNetwork()).isTrue();
        assertThat(pod.getTolerations()).singleElement().satisfies(toleration -> {
            assertThat(toleration.getOperator()).isEqualTo("Exists");
            assertThat(toleration.getKey()).isNull();
            assertThat(toleration.getEffect()).isNull();
        });
    }

    @Test
    void everySelectorFindsWhatItIsFor() {
        Map<String, Map<String, String>> pods = new TreeMap<>();
        Map<String, Set<String>> ports = new TreeMap<>();
        for (Manifest manifest : installed) {
            manifest.template().ifPresent(template -> {
                pods.put(
                        manifest.object().getMetadata().getName(),
                        template.getMetadata().getLabels());
                ports.put(
                        manifest.object().getMetadata().getName(),
                        template.getSpec().getContainers().stream()
                                .flatMap(container -> container.getPorts().stream())
                                .map(port -> port.getName())
                                .collect(Collectors.toSet()));
            });
        }
        installed(Deployment.class)
                .forEach(each -> assertThat(
                                found(pods, each.getSpec().getSelector().getMatchLabels()))
                        .containsExactly(each.getMetadata().getName()));
        installed(DaemonSet.class)
                .forEach(each -> assertThat(
                                found(pods, each.getSpec().getSelector().getMatchLabels()))
                        .containsExactly(each.getMetadata().getName()));
        assertThat(installed(PodDisruptionBudget.class))
                .hasSize(SERVICES.size())
                .allSatisfy(each -> assertThat(
                                found(pods, each.getSpec().getSelector().getMatchLabels()))
                        .containsExactly(each.getMetadata().getName()));
        assertThat(installed(Service.class)).hasSize(SERVICES.size()).allSatisfy(each -> {
            assertThat(found(pods, each.getSpec().getSelector()))
                    .containsExactly(each.getMetadata().getName());
            assertThat(each.getSpec().getPorts())
                    .allSatisfy(port -> assertThat(ports.get(each.getMetadata().getName()))
                            .contains(port.getTargetPort().getStrVal()));
        });
        Set<String> reached = new HashSet<>();
        for (NetworkPolicy policy : installed(NetworkPolicy.class)) {
            Map<String, String> selected = policy.getSpec().getPodSelector().getMatchLabels();
            if (!selected.isEmpty() && policy.getSpec().getPolicyTypes().contains("Ingress")) {
                reached.addAll(found(pods, selected));
            }
        }
        assertThat(reached).containsExactlyInAnyOrderElementsOf(SERVICES);
    }

    private static List<String> found(Map<String, Map<String, String>> pods, Map<String, String> selector) {
        return pods.entrySet().stream()
                .filter(pod -> pod.getValue().entrySet().containsAll(selector.entrySet()))
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void nobodyMayDoMoreThanTheCodeDoes() {
        Map<String, List<String>> allowed = new TreeMap<>();
        installed(ClusterRole.class)
                .forEach(role -> allowed.put(role.getMetadata().getName(), verbs(role.getRules())));
        installed(Role.class)
                .forEach(role ->
                        allowed.put(role.getMetadata().getName() + " in its namespace", verbs(role.getRules())));
        assertThat(allowed)
                .containsExactly(
                        entry(
                                "portolan-lb-sync-service",
                                List.of(
                                        "discovery.k8s.io/endpointslices list,watch",
                                        "events create,get,patch",
                                        "nodes list,watch",
                                        "pods list,watch",
                                        "services get,list,watch",
                                        "services/status patch")),
                        entry(
                                "portolan-lb-sync-service in its namespace",
                                List.of(
                                        "coordination.k8s.io/leases [portolan-lb-sync] get,patch",
                                        "coordination.k8s.io/leases create")),
                        entry(
                                "portolan-node-agent",
                                List.of("events create", "namespaces get,list,watch", "pods get,list,watch")),
                        entry(
                                "portolan-security-service",
                                List.of(
                                        "events create,get,patch",
                                        "namespaces list,watch",
                                        "networking.k8s.io/networkpolicies list,watch",
                                        "pods list,watch")));
        Set<String> accounts = installed(ServiceAccount.class).stream()
                .map(account -> account.getMetadata().getName())
                .collect(Collectors.toSet());
        assertThat(accounts).contains("node-agent").containsAll(SERVICES);
        assertThat(installed(ClusterRoleBinding.class)).hasSize(3).allSatisfy(binding -> {
            assertThat(allowed).containsKey(binding.getRoleRef().getName());
            assertThat(binding.getSubjects())
                    .allSatisfy(subject -> assertThat(accounts).contains(subject.getName()));
        });
    }

    private static List<String> verbs(List<PolicyRule> rules) {
        return rules.stream()
                .flatMap(rule -> rule.getResources().stream()
                        .map(resource -> "%s%s%s %s"
                                .formatted(
                                        rule.getApiGroups().getFirst().isEmpty()
                                                ? ""
                                                : rule.getApiGroups().getFirst() + "/",
                                        resource,
                                        rule.getResourceNames().isEmpty() ? "" : " " + rule.getResourceNames(),
                                        String.join(",", rule.getVerbs()))))
                .sorted()
                .toList();
    }

    @Test
    void everySettingIsOneThatTheCodeKnows() {
        Settings settings = new Settings(CHECKOUT);
        assertThat(settings.all()).hasSizeGreaterThan(80).contains("PORTOLAN_LB_LEASE_NAMESPACE");
        Set<String> maps = installed.stream()
                .flatMap(manifest -> manifest.containers().stream())
                .flatMap(container -> container.getEnvFrom().stream())
                .map(EnvFromSource::getConfigMapRef)
                .map(ConfigMapEnvSource::getName)
                .collect(Collectors.toSet());
        assertThat(maps).containsExactlyInAnyOrder("services", "node-agent");
        Stream<String> said = manifests.all().stream()
                .map(Manifest::object)
                .filter(ConfigMap.class::isInstance)
                .map(ConfigMap.class::cast)
                .filter(map -> maps.contains(map.getMetadata().getName()))
                .flatMap(map -> map.getData().keySet().stream());
        Stream<String> ofContainers = manifests.all().stream()
                .flatMap(manifest -> manifest.containers().stream())
                .flatMap(container -> container.getEnv().stream())
                .map(EnvVar::getName);
        assertThat(Stream.concat(said, ofContainers).distinct())
                .hasSizeGreaterThan(10)
                .allMatch(settings::knows);
    }

    @Test
    void everySecretAndVolumeThatIsNamedIsThere() {
        Set<String> secrets = Manifests.read(K8S.resolve("examples/secrets.yaml")).stream()
                .map(Manifest::object)
                .map(Secret.class::cast)
                .map(secret -> secret.getMetadata().getName())
                .collect(Collectors.toSet());
        Set<String> maps = installed(ConfigMap.class).stream()
                .map(map -> map.getMetadata().getName())
                .collect(Collectors.toSet());
        for (Manifest manifest : installed) {
            manifest.template().ifPresent(template -> {
                List<Volume> volumes = template.getSpec().getVolumes();
                assertThat(manifest.containers())
                        .as("%s", manifest)
                        .flatExtracting(Container::getVolumeMounts)
                        .extracting(VolumeMount::getName)
                        .isSubsetOf(volumes.stream().map(Volume::getName).toList());
                for (Volume volume : volumes) {
                    if (volume.getConfigMap() != null) {
                        assertThat(maps).contains(volume.getConfigMap().getName());
                    }
                    if (volume.getProjected() != null) {
                        assertThat(volume.getProjected().getSources().stream()
                                        .map(VolumeProjection::getSecret)
                                        .filter(Objects::nonNull)
                                        .map(secret -> secret.getName()))
                                .as("%s", manifest)
                                .isSubsetOf(secrets);
                    }
                }
            });
        }
    }

    @Test
    void everyPartThatCallsHasATokenForPortolanAlone() {
        List<String> with = new ArrayList<>();
        for (Manifest manifest : installed) {
            manifest.template().stream()
                    .flatMap(template -> template.getSpec().getVolumes().stream())
                    .filter(volume -> volume.getProjected() != null)
                    .flatMap(volume -> volume.getProjected().getSources().stream())
                    .map(VolumeProjection::getServiceAccountToken)
                    .filter(Objects::nonNull)
                    .filter(token -> token.getPath().equals("token"))
                    .forEach(token -> {
                        assertThat(token.getAudience()).isEqualTo("portolan");
                        with.add(manifest.object().getMetadata().getName());
                    });
        }
        assertThat(with)
                .containsExactlyInAnyOrder(
                        "ipam-service", "lb-sync-service", "node-agent", "security-service", "topology-service");
    }
}
