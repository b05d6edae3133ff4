package io.portolan.security.profile;

import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterName;
import io.portolan.sdn.SdnFailure;
import io.portolan.security.network.Trouble;
import java.util.List;
import org.springframework.http.HttpStatus;

/** Why a profile is not as asked. */
public abstract sealed class ProfileRefused extends Refused {
    private ProfileRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    /** A path names it. */
    static final class NotThere extends ProfileRefused {
        NotThere(ClusterName cluster, String name) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-profile",
                    "cluster %s has no security profile '%s'".formatted(cluster, name));
            field("name");
        }
    }

    /** A body names it. */
    public static final class Unknown extends ProfileRefused {
        public Unknown(String field, String profile) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "unknown-profile",
                    "this cluster has no security profile '%s'".formatted(profile));
            field(field);
            member("profile", profile);
        }
    }

    /** More than a port can be in. */
    public static final class TooMany extends ProfileRefused {
        public TooMany(String field, int said, int most) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "too-many-profiles",
                    "a port is in at most %d profiles, not %d".formatted(most, said));
            field(field);
            member("most", most);
        }
    }

    static final class UnknownGroup extends ProfileRefused {
        UnknownGroup(String field, String group, SdnFailure.Refused refused) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "unknown-group",
                    "group '%s' cannot be used: %s"
                            .formatted(group, Trouble.of(refused).reason()));
            field(field);
        }
    }

    static final class GroupTaken extends ProfileRefused {
        GroupTaken(String group, String other) {
            super(HttpStatus.CONFLICT, "group-adopted", "group '%s' is profile '%s' already".formatted(group, other));
            field("group");
            member("profile", other);
        }
    }

    static final class NotSupported extends ProfileRefused {
        NotSupported(String field, String detail) {
            super(HttpStatus.BAD_REQUEST, "not-supported", detail);
            field(field);
        }
    }

    static final class RulesContradict extends ProfileRefused {
        RulesContradict(int one, int other, int priority) {
            super(
                    HttpStatus.BAD_REQUEST,
                    "rules-contradict",
                    "rules[%d] and rules[%d] both match some connections at priority %d, and one allows what the other drops"
                            .formatted(other, one, priority));
            field("rules[%d]".formatted(one));
        }
    }

    static final class Immutable extends ProfileRefused {
        Immutable() {
            super(
                    HttpStatus.CONFLICT,
                    "profile-immutable",
                    "which group a profile is, or that it is none, does not change: declare another one");
            field("group");
        }
    }

    static final class Deleting extends ProfileRefused {
        Deleting(String name) {
            super(HttpStatus.CONFLICT, "profile-deleting", "profile '%s' is being taken down".formatted(name));
        }
    }

    static final class InUse extends ProfileRefused {
        InUse(String name, long ports, List<String> usedBy) {
            super(HttpStatus.CONFLICT, "profile-in-use", "profile '%s' is used by %s".formatted(name, usedBy));
            member("ports", ports);
            member("usedBy", usedBy);
        }
    }
}
