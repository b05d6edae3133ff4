package io.portolan.topology;

import io.portolan.kit.access.AccessMatrix;
import org.junit.jupiter.api.Test;

/** Who may do what. */
class AccessTest {
    @Test
    void everyOperationIsForTheRolesThatTheDocumentNamesAndForNobodyElse() {
        try (AccessMatrix matrix = new AccessMatrix();
                TopologyWorld world = new TopologyWorld()) {
            matrix.check(world.start(matrix.settings()).http().base());
        }
    }
}
