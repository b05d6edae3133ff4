package io.portolan.security;

import io.portolan.kit.access.AccessMatrix;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Who may do what. */
class AccessTest {
    @Test
    void everyOperationIsForTheRolesThatTheDocumentNamesAndForNobodyElse() throws SQLException {
        try (AccessMatrix matrix = new AccessMatrix();
                SecurityWorld world = new SecurityWorld()) {
            matrix.withNode(world.ledger());
            matrix.check(world.start(matrix.settings()).base());
        }
    }
}
