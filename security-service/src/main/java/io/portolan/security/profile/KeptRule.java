package io.portolan.security.profile;

import io.portolan.model.Cidr;
import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.security.profile.ProfileClaim.PortsClaim;
import io.portolan.security.profile.ProfileClaim.RemoteClaim;
import io.portolan.security.profile.ProfileClaim.RuleClaim;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A rule as the ledger keeps it. At most one of {@code cidr}, {@code remote} and {@code remoteGroup} is there. */
record KeptRule(
        int ordinal,
        String direction,
        String action,
        int priority,
        String protocol,
        @Nullable Integer first,
        @Nullable Integer last,
        @Nullable String cidr,
        @Nullable UUID remote,
        @Nullable String remoteGroup,
        boolean log) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    static KeptRule of(int ordinal, Rule rule, @Nullable ProfileId remote) {
        PortRange ports = rule.ports();
        return new KeptRule(
                ordinal,
                ProfileRules.word(rule.direction()),
                ProfileRules.word(rule.action()),
                rule.priority(),
                ProfileRules.word(rule.protocol()),
                ports == null ? null : Integer.valueOf(ports.first()),
                ports == null ? null : Integer.valueOf(ports.last()),
                rule.remote() instanceof Rule.Remote.Block(Cidr block) ? block.toString() : null,
                remote == null ? null : remote.value(),
                rule.remote() instanceof Rule.Remote.Group(String id) ? id : null,
                rule.log());
    }

    static KeptRule of(int ordinal, ProfileRepository.RuleRow row) {
        return new KeptRule(
                ordinal,
                row.getDirection(),
                row.getAction(),
                row.getPriority(),
                row.getProtocol(),
                row.getFirst(),
                row.getLast(),
                row.getCidr(),
                row.getRemote(),
                row.getRemoteGroup(),
                row.getLog());
    }

    static String json(List<KeptRule> rules) {
        return JSON.writeValueAsString(rules);
    }

    /** As a caller would say it. */
    RuleClaim claim(Map<ProfileId, String> names) {
        boolean anyone = cidr == null && remote == null && remoteGroup == null;
        return new RuleClaim(
                direction,
                action,
                priority,
                protocol,
                first == null ? null : new PortsClaim(first, last),
                anyone
                        ? null
                        : new RemoteClaim(cidr, remote == null ? null : names.get(new ProfileId(remote)), remoteGroup),
                log);
    }

    /**
     * As the network takes it.
     *
     * @param backendIds of profiles
     * @return null where the network does not have the profile that it names
     */
    ProfileSpec.@Nullable Rule spec(Map<ProfileId, String> backendIds) {
        ProfileSpec.Remote other = new ProfileSpec.Remote.Anyone();
        if (cidr != null) {
            other = new ProfileSpec.Remote.Block(Cidr.parse(cidr));
        } else if (remoteGroup != null) {
            other = new ProfileSpec.Remote.Members(remoteGroup);
        } else if (remote != null) {
            String members = backendIds.get(new ProfileId(remote));
            if (members == null) {
                return null;
            }
            other = new ProfileSpec.Remote.Members(members);
        }
        return new ProfileSpec.Rule(
                Direction.valueOf(direction.toUpperCase(Locale.ROOT)),
                Action.valueOf(action.toUpperCase(Locale.ROOT)),
                priority,
                Protocol.valueOf(protocol.toUpperCase(Locale.ROOT)),
                first == null || last == null ? null : new PortRange(first, last),
                other,
                log);
    }
}
