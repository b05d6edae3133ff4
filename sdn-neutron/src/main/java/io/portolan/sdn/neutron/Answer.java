package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openstack4j.core.transport.HttpResponse;

/**
 * What a cloud's service said, and the one place that knows what its refusals mean to us.
 *
 * @param call method and path, without the query
 * @param server host and port
 * @param type the name of Neutron's exception; empty where there is none
 * @param message its words; empty where there are none
 */
record Answer(
        String call,
        String server,
        int status,
        JsonNode body,
        String type,
        String message,
        @Nullable String requestId,
        @Nullable String retryAfter) {
    private static final Set<String> IN_USE = Set.of(
            "NetworkInUse",
            "SubnetInUse",
            "PortInUse",
            "L3PortInUse",
            "ServicePortInUse",
            "RouterInUse",
            "RouterInterfaceInUseByFloatingIP",
            "RouterInterfaceInUseByRoute",
            "RouterExternalGatewayInUseByFloatingIp",
            "TrunkInUse",
            "SecurityGroupInUse",
            "GatewayIpInUse");
    private static final Set<String> NO_CAPACITY =
            Set.of("IpAddressGenerationFailure", "ExternalIpAddressExhausted", "NoNetworkAvailable");
    private static final Set<String> TAKEN =
            Set.of("IpAddressInUse", "IpAddressAlreadyAllocated", "MacAddressInUse", "IpAddressGenerationFailure");
    private static final int LONGEST = 400;

    static Answer of(String call, String server, HttpResponse response) {
        JsonNode body = json(response);
        JsonNode error = body.path("NeutronError").isMissingNode() ? body.path("error") : body.path("NeutronError");
        String said = error.isTextual() ? error.asText() : error.path("message").asText("");
        String message = said.isEmpty() ? body.path("faultstring").asText("") : said;
        String requestId = response.header("x-openstack-request-id");
        return new Answer(
                call,
                server,
                response.getStatus(),
                body,
                error.path("type").asText(""),
                message.substring(0, Math.min(message.length(), LONGEST)).replaceAll("\\s+", " "),
                requestId,
                response.header("retry-after"));
    }

    private static JsonNode json(HttpResponse response) {
        String type = response.getContentType();
        if (type == null || !type.contains("json")) {
            return MissingNode.getInstance();
        }
        try {
            JsonNode read = response.readEntity(JsonNode.class);
            return read == null ? MissingNode.getInstance() : read;
        } catch (UncheckedIOException e) {
            if (response.getStatus() < 300) {
                throw new Unavailable("an answer that ends in the middle", e);
            }
            return MissingNode.getInstance();
        }
    }

    boolean ok() {
        return status >= 200 && status < 300;
    }

    boolean missing() {
        return status == 404;
    }

    /** Whether it was refused because of an address or MAC that something has, be it a port or nobody knows what. */
    boolean taken() {
        return status == 409 && TAKEN.contains(type);
    }

    /** Whether it is being changed and takes no other change before that is done. */
    boolean immutable() {
        return status == 409 && message.contains("immutable");
    }

    /** Whether somebody else was faster: what it rests on must be looked at again. */
    boolean overtaken() {
        return status == 412;
    }

    /** This answer, if it is no refusal. */
    Answer orThrow() {
        if (ok()) {
            return this;
        }
        if (overtaken()) {
            throw new Overtaken(says());
        }
        throw failure();
    }

    SdnFailure failure() {
        return switch (status) {
            case 401 -> new Refused(Reason.NOT_AUTHENTICATED, says());
            case 403 ->
                new Refused(
                        message.startsWith("Quota has been met") ? Reason.QUOTA_EXCEEDED : Reason.NOT_ALLOWED, says());
            case 404 -> new Refused(Reason.NOT_FOUND, says());
            case 400, 409 -> new Refused(reason(), says());
            case 413, 429 -> later();
            case 501 -> new Refused(Reason.NOT_SUPPORTED, says());
            default -> status >= 500 ? later() : new Refused(Reason.NOT_SUPPORTED, says());
        };
    }

    private Reason reason() {
        if (NO_CAPACITY.contains(type)) {
            return Reason.NO_CAPACITY;
        }
        if (type.equals("OverQuota")) {
            return Reason.QUOTA_EXCEEDED;
        }
        if (IN_USE.contains(type)) {
            return Reason.IN_USE;
        }
        if (message.contains("overlaps with")) {
            return Reason.SUBNET_OVERLAP;
        }
        return status == 409 ? Reason.CONFLICT : Reason.NOT_SUPPORTED;
    }

    private SdnFailure later() {
        Duration wait = wait(retryAfter);
        return wait == null ? new Unavailable(says()) : new Unavailable(says(), wait);
    }

    /** Seconds, or a date. */
    private static @Nullable Duration wait(@Nullable String text) {
        if (text == null) {
            return null;
        }
        if (text.strip().matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(text.strip()));
        }
        try {
            Instant at = ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration until = Duration.between(Instant.now(), at);
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private String says() {
        return "%s answered %s with %d%s%s%s"
                .formatted(
                        server,
                        call,
                        status,
                        type.isEmpty() ? "" : " " + type,
                        message.isEmpty() ? "" : ": " + message.replaceFirst("\\.$", ""),
                        requestId == null ? "" : " (" + requestId + ")");
    }
}
