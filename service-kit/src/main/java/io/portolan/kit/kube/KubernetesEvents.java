package io.portolan.kit.kube;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.UUID;

/** Says things where a person looks: Events. An Event's name follows from what it says, so that two replicas do not say it twice. */
public final class KubernetesEvents {
    /** What of a hash is enough to tell an object's Events apart. */
    private static final int HASH = 13;

    private final KubernetesClient client;
    private final String component;

    /** @param component who says it */
    public KubernetesEvents(KubernetesClient client, String component) {
        this.client = client;
        this.component = component;
    }

    public void warn(HasMetadata about, String reason, String message) {
        say(about, "Warning", reason, message);
    }

    public void tell(HasMetadata about, String reason, String message) {
        say(about, "Normal", reason, message);
    }

    private void say(HasMetadata about, String type, String reason, String message) {
        ObjectMeta meta = about.getMetadata();
        String text = "%s %s %s".formatted(meta.getUid(), reason, message);
        String hash = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8))
                .toString()
                .substring(0, HASH);
        String name = meta.getName() + "." + hash;
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Event event = new EventBuilder()
                .withNewMetadata()
                .withNamespace(meta.getNamespace())
                .withName(name)
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion(about.getApiVersion())
                .withKind(about.getKind())
                .withNamespace(meta.getNamespace())
                .withName(meta.getName())
                .withUid(meta.getUid())
                .endInvolvedObject()
                .withType(type)
                .withReason(reason)
                .withMessage(message)
                .withNewSource()
                .withComponent(component)
                .endSource()
                .withReportingComponent(component)
                .withFirstTimestamp(now)
                .withLastTimestamp(now)
                .withCount(1)
                .build();
        var events = client.v1().events().inNamespace(meta.getNamespace());
        try {
            events.resource(event).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            events.withName(name)
                    .edit(before -> new EventBuilder(before)
                            .withLastTimestamp(now)
                            .withCount(Objects.requireNonNullElse(before.getCount(), 1) + 1)
                            .build());
        }
    }
}
