package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OvnBackendsTest {
    @Test
    void clustersOnOneDatabaseShareAConnectionThatEndsWithTheLast() {
        try (Workspace workspace = Workspace.create();
                OvnBackends backends = new OvnBackends(Duration.ofSeconds(30))) {
            OvsdbServer server = OvsdbServer.in(workspace, "nb")
                    .database(OvnCentral.NORTHBOUND_SCHEMA)
                    .tcp()
                    .start();
            SdnBackend blue = backends.backend(ClusterId.random(), server.unixRemote(), null);
            SdnBackend green = backends.backend(ClusterId.random(), server.unixRemote(), null);
            SdnBackend red = backends.backend(ClusterId.random(), server.tcpRemote(), null);
            blue.check();
            green.check();
            red.check();
            assertThat(backends.connections()).isEqualTo(2);
            blue.close();
            blue.close();
            green.check();
            green.close();
            red.close();
            assertThat(backends.connections()).isZero();
        }
    }

    @Test
    void endpointsThatAreNoneAreRefusedAtOnce() {
        try (OvnBackends backends = new OvnBackends(Duration.ofSeconds(1))) {
            for (String bad : new String[] {"", "http://nb", "unix:relative", "tcp:127.0.0.1", "ssl:127.0.0.1:6641"}) {
                assertThatThrownBy(() -> backends.backend(ClusterId.random(), bad, null))
                        .as(bad)
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(backends.connections()).isZero();
        }
    }
}
