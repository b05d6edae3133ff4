package io.portolan.sdn.neutron;

import io.portolan.testbed.openstack.NetworkInventory;
import org.junit.jupiter.api.AfterAll;

/** The contract on the double. */
class NeutronDoubleTest extends NeutronContract {
    private final NeutronDouble cloud = NeutronDouble.start();

    @Override
    protected Tenant tenant(String name) {
        return cloud.tenant(name);
    }

    @Override
    protected NetworkInventory inventory() {
        return cloud.admin().inventory();
    }

    @AfterAll
    void stop() {
        cloud.close();
    }
}
