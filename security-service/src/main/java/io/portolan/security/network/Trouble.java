package io.portolan.security.network;

import io.portolan.sdn.SdnFailure;

/**
 * What a network has against something.
 *
 * @param problem its stable name; {@code docs/http.md} says for each what to do
 * @param reason in words
 */
public record Trouble(String problem, String reason) {
    public static Trouble of(SdnFailure failure) {
        return switch (failure) {
            case SdnFailure.Unavailable unavailable ->
                new Trouble("network-unavailable", String.valueOf(unavailable.getMessage()));
            case SdnFailure.Refused refused ->
                new Trouble(problem(refused.reason()), "the network refuses: " + refused.getMessage());
        };
    }

    private static String problem(SdnFailure.Refused.Reason reason) {
        return switch (reason) {
            case NOT_FOUND -> "network-object-unknown";
            case IN_USE -> "network-object-in-use";
            case NO_CAPACITY, QUOTA_EXCEEDED -> "quota-exceeded";
            case NOT_ALLOWED -> "network-forbids";
            case NOT_AUTHENTICATED -> "credentials-refused";
            case NOT_SUPPORTED -> "network-cannot";
            case CONFLICT, EXTERNAL_NETWORK_UNKNOWN, SUBNET_OVERLAP, PARENT_PORT_UNKNOWN, PARENT_PORT_FOREIGN ->
                "network-conflict";
        };
    }
}
