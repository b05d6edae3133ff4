package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnSecurityContract;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real OVN, and what only OVN's rows show. */
class OvnSecurityTest extends SdnSecurityContract {
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        central = OvnCentral.in(workspace).start();
        northbound = new TestingCentral(central.northbound().unixRemote());
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        return northbound.backend(cluster);
    }

    @Override
    protected SdnBackend unreachable(ClusterId cluster) {
        return new OvnBackends(Duration.ofMillis(300))
                .backend(cluster, "unix:" + workspace.directory().resolve("nobody.sock"), null);
    }

    @Override
    protected String foreignGroup() {
        throw new AssertionError("no group can be adopted here");
    }

    @Override
    protected Object everything() {
        return northbound.dump();
    }
}
