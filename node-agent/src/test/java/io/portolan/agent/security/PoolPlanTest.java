package io.portolan.agent.security;

import static io.portolan.agent.security.TestingSecurity.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.agent.cache.CachedPort;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.model.api.PortAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PoolPlanTest {
    private static final Set<ProfileId> WEB = Set.of(id("web"));
    private static final Set<ProfileId> DB = Set.of(id("db"));
    private static final SubnetId SUBNET = SubnetId.random();

    private static CachedPort port(int number, @Nullable Set<ProfileId> profiles) {
        IpAddress ip = IpAddress.parse("10.4.0.2").plus(number);
        PortId id = new PortId(new java.util.UUID(7, number));
        return new CachedPort(
                id,
                SUBNET,
                id.toString(),
                MacAddress.derivedFrom(ip),
                List.of(new PortAddress(ip, 16, IpAddress.parse("10.4.0.1"))),
                null,
                CachedPort.State.FREE,
                null,
                null,
                profiles,
                0);
    }

    /** As the agent would, round by round, until there is nothing to do. */
    private static Map<PortId, CachedPort> settle(List<CachedPort> ports, Map<Set<ProfileId>, Integer> wanted) {
        Map<PortId, CachedPort> now = new LinkedHashMap<>();
        ports.forEach(port -> now.put(port.id(), port));
        for (int round = 0; round < 50; round++) {
            PoolPlan plan = PoolPlan.of(List.copyOf(now.values()), wanted);
            if (plan.isEmpty()) {
                return now;
            }
            Set<PortId> moved = new HashSet<>(plan.close());
            plan.fill().values().forEach(moved::addAll);
            assertThat(moved).hasSizeLessThanOrEqualTo(ports.size() / 2);
            plan.close().forEach(id -> now.put(id, port(number(id), Set.of())));
            plan.fill()
                    .forEach((set, some) -> some.forEach(id -> {
                        assertThat(now.get(id).profiles()).isEmpty();
                        now.put(id, port(number(id), set));
                    }));
        }
        throw new AssertionError("it never comes to rest: " + wanted);
    }

    private static int number(PortId id) {
        return (int) id.value().getLeastSignificantBits();
    }

    private static long count(Map<PortId, CachedPort> ports, @Nullable Set<ProfileId> profiles) {
        return ports.values().stream()
                .filter(port -> profiles == null ? port.profiles() == null : profiles.equals(port.profiles()))
                .count();
    }

    private static List<CachedPort> ports(int count, @Nullable Set<ProfileId> profiles) {
        List<CachedPort> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(port(i, profiles));
        }
        return all;
    }

    @Test
    void newPortsAreClosedAndTheOnesThatAreAskedForWait() {
        Map<PortId, CachedPort> settled = settle(ports(16, null), Map.of(WEB, 3, DB, 2));
        assertThat(count(settled, WEB)).isEqualTo(3);
        assertThat(count(settled, DB)).isEqualTo(2);
        assertThat(count(settled, Set.of())).isEqualTo(11);
    }

    @Test
    void aGreedyPoolStarvesNeitherAnotherNorThoseThatHaveNone() {
        Map<PortId, CachedPort> settled = settle(ports(16, Set.of()), Map.of(WEB, 200, DB, 2));
        assertThat(count(settled, WEB)).isEqualTo(10);
        assertThat(count(settled, DB)).isEqualTo(2);
        assertThat(count(settled, Set.of())).isEqualTo(4);
    }

    @Test
    void aSurplusStaysUntilSomebodyNeedsItAndWhatNobodyWantsIsClosed() {
        assertThat(PoolPlan.of(ports(8, WEB), Map.of(WEB, 8)).close()).hasSize(2);
        List<CachedPort> some = new ArrayList<>(ports(4, WEB));
        for (int i = 4; i < 16; i++) {
            some.add(port(i, Set.of()));
        }
        assertThat(PoolPlan.of(some, Map.of(WEB, 1)).isEmpty()).isTrue();
        assertThat(PoolPlan.of(some, Map.of()).close()).hasSize(4);
    }

    @Test
    void aSinglePortIsLeftAlone() {
        assertThat(PoolPlan.of(ports(1, null), Map.of(WEB, 3)).isEmpty()).isTrue();
        assertThat(PoolPlan.of(List.of(), Map.of(WEB, 3)).isEmpty()).isTrue();
    }

    @Test
    void whateverThereIsItComesToRestWithAQuarterClean() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<Set<ProfileId>> sets = List.of(WEB, DB, Set.of(id("web"), id("db")), Set.of(id("old")));
            Map<Set<ProfileId>, Integer> wanted = new HashMap<>();
            sets.subList(0, 3).forEach(set -> wanted.put(set, random.nextInt(12)));
            wanted.values().removeIf(size -> size == 0);
            List<CachedPort> ports = new ArrayList<>();
            int size = 2 + random.nextInt(40);
            for (int i = 0; i < size; i++) {
                int kind = random.nextInt(6);
                ports.add(port(i, kind == 4 ? null : kind == 5 ? Set.of() : sets.get(kind)));
            }
            Map<PortId, CachedPort> settled = settle(ports, wanted);
            assertThat(count(settled, null)).as("seed %d", seed).isZero();
            assertThat(count(settled, Set.of(id("old")))).as("seed %d", seed).isZero();
            assertThat(count(settled, Set.of())).as("seed %d", seed).isGreaterThanOrEqualTo(size / 4);
            int budget = size - Math.max(1, Math.ceilDiv(size, 4));
            int asked = wanted.values().stream().mapToInt(Integer::intValue).sum();
            if (asked <= budget) {
                wanted.forEach((set, most) ->
                        assertThat(count(settled, set)).as("%s", set).isGreaterThanOrEqualTo(most));
            }
        }
    }

    @Test
    void aSetIsLearnedByItsUseAndForgottenByHalves() {
        AtomicLong now = new AtomicLong();
        LearnedSets learned = new LearnedSets(Duration.ofMinutes(10), now::get);
        learned.used(Set.of());
        for (int i = 0; i < 20; i++) {
            learned.used(WEB);
        }
        learned.used(DB);
        assertThat(learned.wanted(8)).isEqualTo(Map.of(WEB, 8, DB, 1));
        assertThat(learned.wanted(8).keySet()).containsExactly(WEB, DB);
        now.addAndGet(Duration.ofMinutes(30).toNanos());
        assertThat(learned.wanted(8)).isEqualTo(Map.of(WEB, 3));
        now.addAndGet(Duration.ofHours(2).toNanos());
        assertThat(learned.wanted(8)).isEmpty();
    }
}
