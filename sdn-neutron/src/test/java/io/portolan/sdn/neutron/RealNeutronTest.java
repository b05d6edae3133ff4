package io.portolan.sdn.neutron;

import io.portolan.testbed.Workspace;
import io.portolan.testbed.openstack.CloudProject;
import io.portolan.testbed.openstack.NetworkInventory;
import io.portolan.testbed.openstack.OpenStackCloud;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real Keystone and a real Neutron. */
class RealNeutronTest extends NeutronContract {
    private static Workspace workspace;
    private static OpenStackCloud cloud;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            cloud = OpenStackCloud.in(workspace).start();
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        workspace.close();
    }

    @Override
    protected Tenant tenant(String name) {
        CloudProject project = cloud.forProject(name + "-" + UUID.randomUUID());
        return new Tenant(project.id(), project.login(), project.api());
    }

    @Override
    protected NetworkInventory inventory() {
        return cloud.admin().inventory();
    }
}
