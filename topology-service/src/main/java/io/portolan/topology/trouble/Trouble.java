package io.portolan.topology.trouble;

import io.portolan.sdn.SdnFailure;
import io.portolan.topology.ipam.IpamRefused;
import io.portolan.topology.ipam.IpamUnavailable;

/**
 * Why a cluster or a node is not well.
 *
 * @param problem its stable name; {@code docs/http.md} says for each what to do
 * @param reason in words
 */
public record Trouble(String problem, String reason) {
    public static Trouble of(SdnFailure.Refused refused) {
        return new Trouble(problem(refused.reason()), "the network refuses: " + refused.getMessage());
    }

    public static Trouble of(SdnFailure.Unavailable unavailable) {
        return new Trouble("network-unavailable", String.valueOf(unavailable.getMessage()));
    }

    public static Trouble of(IpamRefused refused) {
        return new Trouble(refused.slug(), "ipam-service refuses: " + refused.detail());
    }

    public static Trouble of(IpamUnavailable unavailable) {
        return new Trouble("ipam-unavailable", String.valueOf(unavailable.getMessage()));
    }

    public static String problem(SdnFailure.Refused.Reason reason) {
        return switch (reason) {
            case NOT_FOUND -> "network-object-unknown";
            case CONFLICT -> "network-conflict";
            case IN_USE -> "network-object-in-use";
            case NO_CAPACITY -> "addresses-exhausted";
            case QUOTA_EXCEEDED -> "quota-exceeded";
            case NOT_ALLOWED -> "network-forbids";
            case NOT_AUTHENTICATED -> "credentials-refused";
            case NOT_SUPPORTED -> "network-cannot";
            case EXTERNAL_NETWORK_UNKNOWN -> "external-network-unknown";
            case SUBNET_OVERLAP -> "subnet-overlap";
            case PARENT_PORT_UNKNOWN -> "parent-port-unknown";
            case PARENT_PORT_FOREIGN -> "parent-port-foreign";
        };
    }
}
