package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which subnet behind the router an address is in: OVN's provider asks it of every member. Kept, and read again where an
 * address is in none of them, but not all the time: a machine beyond the router is in none ever.
 */
final class MemberSubnets {
    private static final long AGAIN_NANOS = 5_000_000_000L;

    private record Read(String router, List<Subnet> subnets, long at) {}

    private final NeutronDirectory directory;
    private volatile @Nullable Read read;

    MemberSubnets(NeutronDirectory directory) {
        this.directory = directory;
    }

    Optional<String> of(String address, String router) {
        Read now = read;
        Optional<String> known = now == null || !now.router().equals(router) ? Optional.empty() : in(now, address);
        if (known.isPresent()) {
            return known;
        }
        if (now == null || !now.router().equals(router) || System.nanoTime() - now.at() > AGAIN_NANOS) {
            now = new Read(router, directory.subnets(router), System.nanoTime());
            read = now;
        }
        return in(now, address);
    }

    private static Optional<String> in(Read read, String address) {
        IpAddress ip = IpAddress.parse(address);
        return read.subnets().stream()
                .filter(subnet -> Cidr.parse(subnet.cidr()).contains(ip))
                .map(Subnet::id)
                .findFirst();
    }

    /** A subnet that Octavia does not find is not one any more. */
    void forget() {
        read = null;
    }
}
