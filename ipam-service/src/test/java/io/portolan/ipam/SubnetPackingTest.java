package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.SubnetView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The allocating query against plain Java that keeps a set of free blocks. {@code -Dipam.seed=N} replays one. */
class SubnetPackingTest {
    /** Best fit over aligned blocks, written the obvious way. */
    private static final class Reference {
        private final TreeSet<Cidr> free = new TreeSet<>(
                Comparator.comparingInt(Cidr::prefixLength).reversed().thenComparing(Cidr::network));
        private final Cidr pool;

        private Reference(Cidr pool) {
            this.pool = pool;
            free.add(pool);
        }

        private Optional<Cidr> take(int prefixLength) {
            Optional<Cidr> fit = free.stream()
                    .filter(block -> block.prefixLength() <= prefixLength)
                    .findFirst();
            if (fit.isEmpty()) {
                return Optional.empty();
            }
            Cidr block = fit.get();
            free.remove(block);
            while (block.prefixLength() < prefixLength) {
                Cidr lower = new Cidr(block.network(), block.prefixLength() + 1);
                free.add(new Cidr(block.address(lower.size()), lower.prefixLength()));
                block = lower;
            }
            return Optional.of(block);
        }

        private void give(Cidr block) {
            Cidr whole = block;
            while (whole.prefixLength() > pool.prefixLength()) {
                Cidr parent = Cidr.around(whole.network(), whole.prefixLength() - 1);
                Cidr buddy = whole.network().equals(parent.network())
                        ? new Cidr(parent.address(whole.size()), whole.prefixLength())
                        : new Cidr(parent.network(), whole.prefixLength());
                if (!free.remove(buddy)) {
                    break;
                }
                whole = parent;
            }
            free.add(whole);
        }

        private long left() {
            return free.stream().mapToLong(Cidr::size).sum();
        }
    }

    static LongStream seeds() {
        Long one = Long.getLong("ipam.seed");
        return one != null ? LongStream.of(one) : LongStream.of(1, 2, System.nanoTime());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nodesOfMixedSizesPackTightlyAndNoHoleIsBrokenForNothing(long seed) {
        Random random = new Random(seed);
        Cidr pool = Cidr.parse("10.4.16.0/20");
        World.TestingCluster cluster = World.clusterWithPool(pool.toString(), 30);
        NodeId node = World.node(cluster);
        Reference reference = new Reference(pool);
        Map<Integer, Cidr> cut = new HashMap<>();
        boolean refused = false;
        for (int ordinal = 0; !refused; ordinal++) {
            refused = !cut(node, ordinal, 24 + random.nextInt(6), reference, cut, seed);
        }
        assertThat(reference.left()).as("-Dipam.seed=" + seed).isLessThanOrEqualTo(pool.size() / 10);
        for (int round = 0; round < 30; round++) {
            List<Integer> ordinals = new ArrayList<>(cut.keySet());
            int ordinal = ordinals.get(random.nextInt(ordinals.size()));
            World.sql("delete from port where subnet_id = (select id from subnet where node_id = '%s' and ordinal = %d)"
                    .formatted(node, ordinal));
            World.http().delete("/v1/nodes/" + node + "/subnets/" + ordinal).assertStatus(204);
            reference.give(cut.remove(ordinal));
            cut(node, 500 + round, 24 + random.nextInt(6), reference, cut, seed);
        }
    }

    private static boolean cut(
            NodeId node, int ordinal, int prefixLength, Reference reference, Map<Integer, Cidr> cut, long seed) {
        Http.Answer answer =
                World.http().put("/v1/nodes/" + node + "/subnets/" + ordinal, new SubnetRequest(prefixLength));
        Optional<Cidr> wanted = reference.take(prefixLength);
        if (wanted.isEmpty()) {
            var problem = answer.assertProblem(507, "pool-exhausted", "prefixLength");
            assertThat(problem.path("freeAddresses").asLong()).isEqualTo(reference.left());
            return false;
        }
        assertThat(answer.as(SubnetView.class).cidr()).as("-Dipam.seed=" + seed).isEqualTo(wanted.get());
        cut.put(ordinal, wanted.get());
        return true;
    }

    /** Every usable address has a port, with the MAC that belongs to it, and no other has. */
    static void assertThatEveryUsableAddressHasAPort(NodeId node, SubnetView subnet) {
        List<String> wanted = new ArrayList<>();
        for (long i = 2; i < subnet.cidr().size() - 1; i++) {
            IpAddress ip = subnet.cidr().address(i);
            wanted.add(ip + " " + MacAddress.derivedFrom(ip) + " planned");
        }
        assertThat(World.rows(
                        "select concat_ws(' ', host(ip), mac, state) from port where node_id = '%s' and subnet_id = '%s' order by ip"
                                .formatted(node, subnet.id())))
                .isEqualTo(wanted);
    }
}
