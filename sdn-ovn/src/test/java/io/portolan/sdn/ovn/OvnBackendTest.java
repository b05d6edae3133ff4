package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBackendContract;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real OVN. */
class OvnBackendTest extends SdnBackendContract {
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
    protected String foreignRouter(Cidr behind) {
        String name = "foreign-" + UUID.randomUUID();
        central.nbctl("lr-add", name);
        central.nbctl(
                "lrp-add", name, name + "-port", "02:00:00:00:00:01", behind.address(1) + "/" + behind.prefixLength());
        return central.nbctl("--bare", "--columns=_uuid", "find", "Logical_Router", "name=" + name)
                .strip();
    }

    @Override
    protected Object everything() {
        return northbound.dump();
    }
}
