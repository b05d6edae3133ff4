package io.portolan.sdn.neutron;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What ports are in together, by backend ids: groups of profiles, and policies.
 *
 * @param members the tags of the group that stands for it
 */
record PortSet(Set<String> members) {
    private static final String POLICY = "policy-";

    PortSet {
        members = new TreeSet<>(members);
    }

    /** The backend id of the policy that this group says the rules of; no port is in that group. */
    static String policy(String group) {
        return POLICY + group;
    }

    static boolean isPolicy(String member) {
        return member.startsWith(POLICY);
    }

    /** The group that says the rules of this policy. */
    static String group(String policy) {
        return policy.substring(POLICY.length());
    }

    /** Whether profiles are narrowed in it, so that it needs a group of its own. */
    boolean isNarrowed() {
        return members.stream().anyMatch(PortSet::isPolicy);
    }

    /** The same for the same members, and for no others. */
    UUID id() {
        return UUID.nameUUIDFromBytes(
                members.stream().collect(Collectors.joining(" ")).getBytes(StandardCharsets.UTF_8));
    }
}
