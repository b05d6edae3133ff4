package io.portolan.agent.security;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a pod's owner what is wrong with it, once for each word, and again when it is still so after a while. */
final class PodEvents {
    private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
    private static final String REASON = "SecurityProfileRefused";
    private static final Duration AGAIN_AFTER = Duration.ofMinutes(10);
    private static final int MOST_REMEMBERED = 512;
    private static final int LONGEST = 1_000;

    private record Told(PodRef pod, String message) {}

    private final KubernetesClient client;
    private final NodeName node;
    private final Map<Told, Instant> told = new LinkedHashMap<>();

    PodEvents(KubernetesClient client, NodeName node) {
        this.client = client;
        this.node = node;
    }

    /** Returns at once. */
    void refused(PodRef pod, String message) {
        String words = message.length() <= LONGEST ? message : message.substring(0, LONGEST);
        if (isNew(new Told(pod, words))) {
            Thread.startVirtualThread(() -> write(pod, words));
        }
    }

    private synchronized boolean isNew(Told one) {
        Instant now = Instant.now();
        Instant last = told.get(one);
        if (last != null && now.isBefore(last.plus(AGAIN_AFTER))) {
            return false;
        }
        told.remove(one);
        told.put(one, now);
        if (told.size() > MOST_REMEMBERED) {
            told.remove(told.keySet().iterator().next());
        }
        return true;
    }

    private void write(PodRef pod, String message) {
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        try {
            client.v1()
                    .events()
                    .inNamespace(pod.namespace())
                    .resource(new EventBuilder()
                            .withNewMetadata()
                            .withGenerateName(pod.name() + ".")
                            .withNamespace(pod.namespace())
                            .endMetadata()
                            .withNewInvolvedObject()
                            .withApiVersion("v1")
                            .withKind("Pod")
                            .withNamespace(pod.namespace())
                            .withName(pod.name())
                            .withUid(pod.uid())
                            .endInvolvedObject()
                            .withType("Warning")
                            .withReason(REASON)
                            .withMessage(message)
                            .withFirstTimestamp(now)
                            .withLastTimestamp(now)
                            .withCount(1)
                            .withReportingComponent("portolan-node-agent")
                            .withReportingInstance(node.value())
                            .withNewSource()
                            .withComponent("portolan-node-agent")
                            .withHost(node.value())
                            .endSource()
                            .build())
                    .create();
        } catch (KubernetesClientException e) {
            LOG.warn("the Event that pod {}/{} is refused is lost: {}", pod.namespace(), pod.name(), e.getMessage());
        }
    }
}
