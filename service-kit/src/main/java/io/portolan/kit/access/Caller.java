package io.portolan.kit.access;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/** Who calls, as far as it is proven. */
final class Caller extends AbstractAuthenticationToken {
    private static final long serialVersionUID = 1;

    private static final String NOBODY = "";

    private final String issuer;
    private final String subject;
    private final Set<Role> roles;
    private final transient @Nullable NodeIdentity node;

    /** A node is known by its name in its cluster. */
    record NodeIdentity(String cluster, String name) {}

    /** @param node which one it is, if it is one */
    Caller(String issuer, String subject, Set<Role> roles, @Nullable NodeIdentity node) {
        super(authorities(roles));
        this.issuer = issuer;
        this.subject = subject;
        this.roles = Set.copyOf(roles);
        this.node = node;
        setAuthenticated(true);
    }

    /** Whoever asks a service that is open to all. */
    static Caller everybody() {
        return new Caller(NOBODY, "everybody", EnumSet.of(Role.ADMIN, Role.SERVICE), null);
    }

    private static List<GrantedAuthority> authorities(Set<Role> roles) {
        return Arrays.stream(Role.values())
                .filter(role -> roles.stream().anyMatch(has -> has.includes(role)))
                .<GrantedAuthority>map(role -> new SimpleGrantedAuthority("ROLE_" + role.name()))
                .toList();
    }

    boolean is(Role role) {
        return roles.stream().anyMatch(has -> has.includes(role));
    }

    boolean isEverybody() {
        return issuer.equals(NOBODY);
    }

    /** The same for the same caller and another for each other one; agents often have one subject on all nodes. */
    String identity() {
        return node == null ? issuer + ' ' + subject : node.toString();
    }

    @Nullable NodeIdentity node() {
        return node;
    }

    @Override
    public Object getCredentials() {
        return "";
    }

    @Override
    public Object getPrincipal() {
        return subject;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
