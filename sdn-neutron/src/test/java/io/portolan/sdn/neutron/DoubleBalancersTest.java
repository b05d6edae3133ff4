package io.portolan.sdn.neutron;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/** The contract of load balancers on the double. */
class DoubleBalancersTest extends BalancerContract {
    private final NeutronDouble cloud = NeutronDouble.start();
    private String external;

    @Override
    protected Tenant newTenant(String name) {
        return cloud.tenant(name);
    }

    @Override
    protected synchronized String external() {
        if (external == null) {
            external = "public";
            Tenant.externalNetwork(cloud.admin(), external, "198.51.100.0/24", Map.of());
        }
        return external;
    }

    @AfterAll
    void stop() {
        cloud.close();
    }
}
