package io.portolan.lb.directory;

import io.portolan.kit.problem.Refused;
import io.portolan.model.IpAddress;
import java.time.Duration;
import org.springframework.http.HttpStatus;

/** Why the directory has no answer. */
abstract sealed class DirectoryRefused extends Refused {
    private DirectoryRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnknownAddress extends DirectoryRefused {
        UnknownAddress(IpAddress address) {
            super(HttpStatus.NOT_FOUND, "unknown-address", "nobody behind the cluster's router has " + address);
            field("address");
        }
    }

    static final class NetworkUnavailable extends DirectoryRefused {
        NetworkUnavailable(String why) {
            super(HttpStatus.SERVICE_UNAVAILABLE, "network-unavailable", why);
            retryAfter(Duration.ofSeconds(5));
        }
    }
}
