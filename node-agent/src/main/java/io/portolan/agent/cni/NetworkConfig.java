package io.portolan.agent.cni;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The network's configuration as the caller gives it on standard input, checked. */
record NetworkConfig(CniVersion version, String name, ObjectNode json) {
    /** Of the attachments that a GC spares one. */
    record Attached(String containerId, String interfaceName) {}

    static final String VALID_ATTACHMENTS = "cni.dev/valid-attachments";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
    private static final int LONGEST_NAME = 200;

    /** Says nothing yet about what is in it. */
    static ObjectNode json(byte[] input) {
        try {
            JsonNode node = JSON.readTree(input);
            if (node instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw CniError.DECODING_FAILURE.because("standard input is not JSON: " + reason(e));
        }
        throw CniError.DECODING_FAILURE.because("standard input is not a JSON object");
    }

    /** Without the source, which would show what the configuration holds. */
    private static String reason(JacksonException e) {
        String message = e.getOriginalMessage();
        String place = e.getLocation() == null
                ? ""
                : " (line %d, column %d)"
                        .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
        return message.lines().findFirst().orElse("malformed") + place;
    }

    /** @param type the name that the plugin is installed under */
    static NetworkConfig parse(ObjectNode json, String type) {
        CniVersion version = version(json);
        String name = text(json, "name");
        if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
            throw invalid(
                    "name",
                    "it begins with a letter or digit, goes on with these, _ . - and has at most " + LONGEST_NAME);
        }
        if (!text(json, "type").equals(type)) {
            throw invalid("type", "it is not " + type);
        }
        refuseUnsupported(json.path("ipam"), "ipam");
        refuseUnsupported(json.path("runtimeConfig").path("portMappings"), "runtimeConfig.portMappings");
        refuseUnsupported(json.path("runtimeConfig").path("bandwidth"), "runtimeConfig.bandwidth");
        refuseUnsupported(json.path("runtimeConfig").path("ips"), "runtimeConfig.ips");
        NetworkConfig config = new NetworkConfig(version, name, json);
        config.dns();
        return config;
    }

    private static CniVersion version(ObjectNode json) {
        JsonNode node = json.path("cniVersion");
        if (!node.isMissingNode() && !node.isString()) {
            throw invalid("cniVersion", "it is no text");
        }
        // A configuration that names none is of version 0.1.0.
        String text = node.asString("0.1.0");
        return CniVersion.of(text)
                .orElseThrow(() -> CniError.INCOMPATIBLE_VERSION.because("cniVersion %s is not spoken here, but %s"
                        .formatted(shortened(text), String.join(", ", CniVersion.texts()))));
    }

    private static String shortened(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }

    private static void refuseUnsupported(JsonNode node, String field) {
        if (!node.isMissingNode() && !node.isNull() && !(node.isContainer() && node.isEmpty())) {
            throw CniError.UNSUPPORTED_FIELD.because(
                    "%s is not supported: this plugin gives addresses by itself".formatted(field));
        }
    }

    private static String text(JsonNode json, String field) {
        JsonNode node = json.path(field);
        if (node.isMissingNode() || node.isNull()) {
            throw invalid(field, "it is missing");
        }
        if (!node.isString() || node.stringValue().isBlank()) {
            throw invalid(field, node.isString() ? "it is empty" : "it is no text");
        }
        return node.stringValue();
    }

    private static CniRefused invalid(String field, String why) {
        return CniError.INVALID_NETWORK_CONFIG.because("%s in the network configuration: %s".formatted(field, why));
    }

    /** What pods are told of name servers; nothing unless the configuration says. */
    ObjectNode dns() {
        JsonNode dns = json.path("dns");
        if (dns.isMissingNode() || dns.isNull()) {
            return JsonNodeFactory.instance.objectNode();
        }
        if (dns instanceof ObjectNode object) {
            return object.deepCopy();
        }
        throw invalid("dns", "it is no object");
    }

    /** The attachments that a runtime knows of; a GC that names none at all releases none. */
    List<Attached> validAttachments() {
        JsonNode list = json.path(VALID_ATTACHMENTS);
        if (!list.isArray()) {
            throw invalid(VALID_ATTACHMENTS, "it is no list");
        }
        List<Attached> attached = new ArrayList<>();
        for (JsonNode entry : list) {
            attached.add(new Attached(text(entry, "containerID"), text(entry, "ifname")));
        }
        return List.copyOf(attached);
    }

    /** What ADD once answered, where the caller gave it back. */
    Optional<ObjectNode> prevResult() {
        JsonNode result = json.path("prevResult");
        if (result.isMissingNode() || result.isNull()) {
            return Optional.empty();
        }
        if (result instanceof ObjectNode object) {
            return Optional.of(object);
        }
        throw invalid("prevResult", "it is no object");
    }
}
