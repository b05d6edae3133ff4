package io.portolan.lb;

import io.portolan.kit.access.AccessMatrix;
import org.junit.jupiter.api.Test;

/** Who may do what. */
class AccessTest {
    @Test
    void everyOperationIsForTheRolesThatTheDocumentNamesAndForNobodyElse() {
        try (AccessMatrix matrix = new AccessMatrix();
                LbWorld world = new LbWorld(new TestingNetworks())) {
            matrix.check(world.start(matrix.settings()).http().base());
        }
    }
}
