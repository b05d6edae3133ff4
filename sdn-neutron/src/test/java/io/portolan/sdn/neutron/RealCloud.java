package io.portolan.sdn.neutron;

import io.portolan.testbed.Fabric;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.openstack.CloudProject;
import io.portolan.testbed.openstack.ExternalNetwork;
import io.portolan.testbed.openstack.Hypervisor;
import io.portolan.testbed.openstack.OpenStackCloud;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A real cloud with one hypervisor and a way outside, for all tests of this JVM; it goes when the JVM does. */
record RealCloud(OpenStackCloud cloud, Hypervisor hypervisor, ExternalNetwork external) {
    /** Of the external network, and of who is out there. */
    static final String EXTERNAL = "public";

    static final String OUTSIDE = "172.24.4.1";

    private static @Nullable RealCloud shared;

    static synchronized RealCloud get() {
        RealCloud made = shared;
        if (made == null) {
            made = start(Workspace.create());
            shared = made;
        }
        return made;
    }

    private static RealCloud start(Workspace workspace) {
        try {
            OpenStackCloud cloud = OpenStackCloud.in(workspace).withOctavia().start();
            Hypervisor hypervisor =
                    cloud.hypervisors(Fabric.create(workspace), "hyper-1").getFirst();
            ExternalNetwork external =
                    cloud.externalNetwork(EXTERNAL, "172.24.4.0/24", OUTSIDE, "172.24.4.100", "172.24.4.199");
            return new RealCloud(cloud, hypervisor, external);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    /** Of its own each time. */
    CloudProject project(String name) {
        return cloud.forProject(name + "-" + UUID.randomUUID());
    }

    PodSandbox outside() {
        return cloud.outside();
    }
}
