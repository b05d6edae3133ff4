package io.portolan.e2e;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The manifests below {@code k8s/}, as a cluster would read them. */
final class Manifests {
    private static final String KUSTOMIZATION = "kustomization.yaml";
    private static final KubernetesSerialization YAML = new KubernetesSerialization();

    /** A document of a file; an overlay's and a component's is a patch. */
    record Manifest(Path file, HasMetadata object) {
        String name() {
            return object.getKind() + "/" + object.getMetadata().getName();
        }

        /** What makes pods. */
        Optional<PodTemplateSpec> template() {
            return Optional.ofNullable(
                    switch (object) {
                        case Deployment deployment -> deployment.getSpec().getTemplate();
                        case DaemonSet daemons -> daemons.getSpec().getTemplate();
                        case Job job -> job.getSpec().getTemplate();
                        default -> null;
                    });
        }

        List<Container> containers() {
            return template().map(PodTemplateSpec::getSpec).stream()
                    .flatMap(pod -> Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream()))
                    .toList();
        }

        @Override
        public String toString() {
            return file + ": " + name();
        }
    }

    private final Path root;

    Manifests(Path root) {
        this.root = root;
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Path> kustomizations() {
        return files().stream().filter(Manifests::isKustomization).toList();
    }

    List<Path> documents() {
        return files().stream().filter(file -> !isKustomization(file)).toList();
    }

    static boolean isKustomization(Path file) {
        return file.getFileName().toString().equals(KUSTOMIZATION);
    }

    /** All of them. */
    List<Manifest> all() {
        return documents().stream().flatMap(file -> read(file).stream()).toList();
    }

    /** What is installed as it is: neither patches nor examples. */
    List<Manifest> installed() {
        return documents().stream()
                .filter(file -> file.startsWith(root.resolve("base")))
                .flatMap(file -> read(file).stream())
                .toList();
    }

    static List<Manifest> read(Path file) {
        List<Manifest> read = new ArrayList<>();
        for (String document : text(file).split("(?m)^---$")) {
            read.add(new Manifest(file, YAML.unmarshal(document)));
        }
        return read;
    }

    /** A file as plain maps and lists. */
    static Map<?, ?> plain(Path file) {
        return (Map<?, ?>)
                new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build()).loadFromString(text(file));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The paths of members that Kubernetes' model has no place for: the model keeps them aside. */
    static List<String> unknown(Object value, String path) {
        List<String> found = new ArrayList<>();
        switch (value) {
            case null -> {}
            case Collection<?> all -> all.forEach(each -> found.addAll(unknown(each, path + "[]")));
            case Map<?, ?> all -> all.forEach((key, each) -> found.addAll(unknown(each, path + "." + key)));
            case Object object
            when object.getClass().getName().startsWith("io.fabric8.kubernetes.api.model.") ->
                members(object, path, found);
            default -> {}
        }
        return found;
    }

    private static void members(Object object, String path, List<String> found) {
        for (Method method : object.getClass().getMethods()) {
            boolean getter = method.getName().startsWith("get") && method.getParameterCount() == 0;
            if (getter
                    && !method.getName().equals("getClass")
                    && !object.getClass().isEnum()) {
                Object member = call(object, method);
                if (!method.getName().equals("getAdditionalProperties")) {
                    found.addAll(unknown(member, path + "." + method.getName().substring(3)));
                } else if (member instanceof Map<?, ?> aside) {
                    aside.keySet().forEach(key -> found.add(path + "." + key));
                }
            }
        }
    }

    private static Object call(Object object, Method getter) {
        try {
            return getter.invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + getter, e);
        }
    }
}
