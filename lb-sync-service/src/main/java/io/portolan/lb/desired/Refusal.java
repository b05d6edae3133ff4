package io.portolan.lb.desired;

/**
 * A part of a Service that it does not get.
 *
 * @param reason the Event's reason; part of the interface
 * @param message for people
 */
public record Refusal(Reason reason, String message) {
    /** Why; {@code docs/services.md} says for each what to do. */
    public enum Reason {
        AddressFamilyNotSupported,
        AddressTaken,
        AffinityShortened,
        ExternalAddressNotSupported,
        HealthCheckNodePortNotServed,
        InternalTrafficPolicyNotSupported,
        MalformedAddress,
        NetworkRefused,
        NoExternalAddress,
        NodePortNotOutside,
        NodePortNotSupported,
        ProtocolNotSupported,
        RefusingNotSupported,
        SessionAffinityNotSupported,
        SourceRangesNotSupported
    }
}
