package io.portolan.sdn.neutron;

import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.openstack.CloudLogin;
import io.portolan.testbed.openstack.CloudProject;
import io.portolan.testbed.openstack.NetworkInventory;
import io.portolan.testbed.openstack.OpenStackCloud;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real Keystone and a real Neutron. */
class RealNeutronTest extends UnderlayContract {
    private static RealCloud real;
    private static OpenStackCloud cloud;
    private static FaultyProxy proxy;
    private final Map<String, CloudProject> projects = new HashMap<>();

    @BeforeAll
    static void start() {
        real = RealCloud.get();
        cloud = real.cloud();
        proxy = FaultyProxy.to(cloud.networkUrl());
        cloud.publishRegion(PROXIED, proxy.url());
    }

    @AfterAll
    static void stop() {
        proxy.close();
    }

    @Override
    protected Tenant tenant(String name) {
        CloudProject project = real.project(name);
        projects.put(project.name(), project);
        return new Tenant(project.id(), project.login(), project.api());
    }

    @Override
    protected NetworkInventory inventory() {
        return cloud.admin().inventory();
    }

    @Override
    protected Tenant tenantWithProfiles(String name) {
        CloudProject project = real.project(name);
        project.grant(CloudProject.CONTAINER_NETWORKS);
        return new Tenant(project.id(), project.login(), project.api());
    }

    @Override
    protected String externalNetwork(String name, String cidr) {
        return Tenant.externalNetwork(
                cloud.admin(),
                name,
                cidr,
                Map.of("provider:network_type", "vlan", "provider:physical_network", "physnet1"));
    }

    @Override
    protected void quota(Tenant tenant, String kind, int limit) {
        cloud.admin().network().put("/quotas/" + tenant.id(), Map.of("quota", Map.of(kind, limit)));
    }

    @Override
    protected CloudLogin applicationCredential(Tenant tenant) {
        CloudLogin.Password password = (CloudLogin.Password) tenant.login().identity();
        return projects.get(password.project()).applicationCredential();
    }

    @Override
    protected FaultyProxy proxy() {
        return proxy;
    }
}
