package io.portolan.security.profile;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a profile should be.
 *
 * @param description for people, at most 256 characters
 * @param group the id of a group in the network to adopt; then there are no rules
 * @param namespaces whose pods may name it, at most 64; absent for all
 * @param rules at most 256; what none of them speaks of is not let through
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProfileClaim(
        @Nullable String description,
        @Nullable String group,
        @Nullable List<String> namespaces,
        @Nullable List<RuleClaim> rules) {

    /**
     * @param direction {@code ingress} or {@code egress}, as the port sees it
     * @param action {@code allow}, which it is unless said, or {@code drop}
     * @param priority 0 to 999, 0 unless said: the highest that matches decides
     * @param protocol {@code any}, which it is unless said, {@code tcp}, {@code udp}, {@code sctp} or {@code icmp}
     * @param ports at the side that is called; absent for all
     * @param remote who is at the other end; absent for everyone
     * @param log whether connections that it decides are noted in the network
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RuleClaim(
            String direction,
            @Nullable String action,
            @Nullable Integer priority,
            @Nullable String protocol,
            @Nullable PortsClaim ports,
            @Nullable RemoteClaim remote,
            @Nullable Boolean log) {}

    /** @param last {@code first} unless said */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record PortsClaim(int first, @Nullable Integer last) {}

    /**
     * Exactly one of them.
     *
     * @param profile a profile of this cluster, by name or id: the ports that are in it
     * @param group a group in the network that is not ours, by its id: the ports that are in it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RemoteClaim(
            @Nullable String cidr,
            @Nullable String profile,
            @Nullable String group) {}
}
