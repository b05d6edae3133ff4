package io.portolan.security.policy;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Sets of addresses as blocks. */
final class Blocks {
    private Blocks() {}

    static Cidr of(IpAddress address) {
        return new Cidr(address, address.family().bits());
    }

    /** What is left of a block without others, in the fewest blocks. */
    static List<Cidr> without(Cidr block, Collection<Cidr> excepted) {
        List<Cidr> concerned = excepted.stream().filter(block::overlaps).toList();
        if (concerned.isEmpty()) {
            return List.of(block);
        }
        if (concerned.stream().anyMatch(each -> each.contains(block))) {
            return List.of();
        }
        int length = block.prefixLength() + 1;
        List<Cidr> left = new ArrayList<>(without(Cidr.around(block.network(), length), concerned));
        left.addAll(without(Cidr.around(block.address(-1), length), concerned));
        return left;
    }

    /** The same addresses, without blocks that lie in others. */
    static Set<Cidr> distinct(Collection<Cidr> blocks) {
        Set<Cidr> kept = new TreeSet<>();
        Set<Cidr> seen = new TreeSet<>();
        blocks.stream()
                .distinct()
                .sorted(Comparator.comparingInt(Cidr::prefixLength))
                .forEach(block -> {
                    boolean inside = false;
                    for (int length = 0; length < block.prefixLength() && !inside; length++) {
                        inside = seen.contains(Cidr.around(block.network(), length));
                    }
                    if (!inside) {
                        kept.add(block);
                        seen.add(block);
                    }
                });
        return kept;
    }
}
