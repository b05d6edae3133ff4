package io.portolan.bench.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.model.IpAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SimulationTest {
    /** Where the built services are. */
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    @Test
    void afterNodesDiedAndPodsWereReplacedEveryPodHasAPortOfItsOwnAndTheLedgerKnows(@TempDir Path directory)
            throws Exception {
        Path plot = directory.resolve("plot.png");
        Plan plan = new Plan(12, Duration.ofSeconds(18), 20, 0.3, 0.25, 0.3, 7, plot, false);

        Result result = Simulate.run(plan, CHECKOUT);

        assertThat(result.givenTwice()).isEmpty();
        assertThat(result.settled()).as(result.words()).isTrue();
        assertThat(result.bound()).isEqualTo(result.last().running()).isPositive();
        assertThat(result.started()).isGreaterThan(result.last().running());
        assertThat(result.timeline().took(Timeline.Kind.JOIN, event -> true)).hasSize(12 + 3);
        assertThat(result.timeline().took(Timeline.Kind.CLAIM, event -> true)).hasSizeGreaterThanOrEqualTo(12 + 3);
        assertThat(plot).isNotEmptyFile();
    }

    @Test
    void anAddressThatTwoPodsHaveIsNamedWithBoth() {
        Holders holders = new Holders();
        IpAddress address = IpAddress.parse("10.4.0.7");
        holders.takes(address, "a");
        holders.lets(address, "b");
        holders.takes(address, "c");

        assertThat(holders.givenTwice()).containsExactly("a has 10.4.0.7, and c got it");
    }

    @Test
    void whatIsNotUnderstoodIsSaid() {
        assertThatThrownBy(() -> Plan.of("--nodes", "many")).hasMessageContaining("--nodes takes a number, not 'many'");
        assertThatThrownBy(() -> Plan.of("--nodes", "0")).hasMessageContaining("--nodes is between");
        assertThatThrownBy(() -> Plan.of("--pods", "7")).hasMessageContaining("does not know '--pods'");
        assertThatThrownBy(() -> Plan.of("--seed")).hasMessageContaining("does not know '--seed'");
    }
}
