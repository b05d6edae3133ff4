package io.portolan.ipam.pool;

import io.portolan.kit.problem.Refused;
import io.portolan.model.Cidr;
import java.util.List;
import org.springframework.http.HttpStatus;

/** Why a pool is not as asked. */
abstract sealed class PoolRefused extends Refused {
    private PoolRefused(HttpStatus status, String slug, String detail) {
        super(status, slug, detail);
    }

    static final class Differs extends PoolRefused {
        Differs(String name, String cidr) {
            super(
                    HttpStatus.CONFLICT,
                    "pool-differs",
                    "pool %s is %s; a pool's block does not change: delete it or add another".formatted(name, cidr));
            field("cidr");
            member("cidr", cidr);
        }
    }

    static final class Overlaps extends PoolRefused {
        Overlaps(Cidr cidr, String other, String otherCidr) {
            super(
                    HttpStatus.CONFLICT,
                    "pool-overlaps",
                    "%s overlaps pool %s (%s) of the same cluster".formatted(cidr, other, otherCidr));
            field("cidr");
            member("pool", other);
        }
    }

    static final class Outside extends PoolRefused {
        Outside(Cidr cidr, List<Cidr> podCidrs) {
            super(
                    HttpStatus.CONFLICT,
                    "pool-outside-cluster",
                    "%s lies in none of the cluster's podCidrs %s".formatted(cidr, podCidrs));
            field("cidr");
        }
    }

    static final class InUse extends PoolRefused {
        InUse(String name, long subnets) {
            super(
                    HttpStatus.CONFLICT,
                    "pool-in-use",
                    "%d subnets are cut from pool %s: remove their nodes first".formatted(subnets, name));
            member("subnets", subnets);
        }
    }
}
