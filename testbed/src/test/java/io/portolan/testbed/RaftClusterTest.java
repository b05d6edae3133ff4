package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RaftClusterTest {
    @Test
    void anotherMemberLeadsWhenTheLeaderIsKilledAndTheDeadOneComesBack() {
        try (Workspace workspace = Workspace.create()) {
            RaftCluster cluster = RaftCluster.start(workspace, Path.of("/usr/share/ovn/ovn-nb.ovsschema"), 3);
            int first = cluster.leader();
            cluster.member(first)
                    .transact(
                            "[\"OVN_Northbound\",{\"op\":\"insert\",\"table\":\"NB_Global\",\"row\":{\"name\":\"a\"}}]");

            cluster.kill9(first);
            int second = cluster.leader();
            assertThat(second).isNotEqualTo(first);
            assertThat(
                            cluster.member(second)
                                    .transact(
                                            "[\"OVN_Northbound\",{\"op\":\"select\",\"table\":\"NB_Global\",\"where\":[],\"columns\":[\"name\"]}]"))
                    .contains("\"a\"");

            cluster.restart(first);
            List<Boolean> alive = List.of(0, 1, 2).stream()
                    .map(index -> cluster.member(index).daemon().alive())
                    .toList();
            assertThat(alive).containsExactly(true, true, true);
        }
    }
}
