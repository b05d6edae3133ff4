package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.kit.access.AccessMatrix;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may do what, and what keeps a service that does not know it from starting. */
class AccessTest {
    @Test
    void everyOperationIsForTheRolesThatTheDocumentNamesAndForNobodyElse() throws SQLException {
        try (AccessMatrix matrix = new AccessMatrix().withNode(World.ledger());
                Replica replica = Replica.start(World.ledger(), matrix.settings())) {
            matrix.check(replica.http().base());
        }
    }

    @Test
    void whoAsksTooOftenIsToldWhenToAskAgainAndNobodyElseSuffers() {
        try (AccessMatrix matrix = new AccessMatrix();
                Replica replica = Replica.start(
                        World.ledger(),
                        Stream.concat(
                                        Arrays.stream(matrix.settings())
                                                .filter(setting -> !setting.startsWith("portolan.limits")),
                                        Stream.of(
                                                "portolan.limits.person.per-second=0.001",
                                                "portolan.limits.person.burst=3",
                                                "portolan.limits.stranger.per-second=0.001",
                                                "portolan.limits.stranger.burst=3"))
                                .toArray(String[]::new))) {
            matrix.checkLimits(replica.http().base());
        }
    }

    @Test
    void aServiceThatTrustsNobodyDoesNotStart() {
        assertThatThrownBy(() -> Replica.start(World.ledger(), "portolan.access.open=false"))
                .hasStackTraceContaining("portolan.access.issuers names nobody");
    }
}
