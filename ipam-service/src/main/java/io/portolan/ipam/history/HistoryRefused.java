package io.portolan.ipam.history;

import io.portolan.kit.problem.Refused;
import io.portolan.model.IpAddress;
import org.springframework.http.HttpStatus;

/** Why an address cannot be told of. */
abstract sealed class HistoryRefused extends Refused {
    private HistoryRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class UnknownAddress extends HistoryRefused {
        UnknownAddress(IpAddress ip) {
            super(
                    HttpStatus.NOT_FOUND,
                    "unknown-address",
                    "no port of the cluster has %s now; its history may tell who had it".formatted(ip));
            field("ip");
        }
    }
}
