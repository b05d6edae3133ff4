package io.portolan.sdn.neutron;

import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.openstack.CloudLogin;
import io.portolan.testbed.openstack.NetworkInventory;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/** The contract on the double. */
class NeutronDoubleTest extends UnderlayContract {
    private final NeutronDouble cloud = NeutronDouble.start();
    private final FaultyProxy proxy = FaultyProxy.to(URI.create(
            cloud.networkUrl().getScheme() + "://" + cloud.networkUrl().getAuthority()));

    NeutronDoubleTest() {
        cloud.publishRegion(PROXIED, proxy.url(cloud.networkUrl().getPath()));
    }

    @Override
    protected Tenant tenant(String name) {
        return cloud.tenant(name);
    }

    @Override
    protected NetworkInventory inventory() {
        return cloud.admin().inventory();
    }

    @Override
    protected Tenant tenantWithProfiles(String name) {
        return cloud.tenantWithProfiles(name);
    }

    @Override
    protected String externalNetwork(String name, String cidr) {
        return Tenant.externalNetwork(cloud.admin(), name, cidr, Map.of());
    }

    @Override
    protected void quota(Tenant tenant, String kind, int limit) {
        cloud.quota(tenant.id(), kind, limit);
    }

    @Override
    protected CloudLogin applicationCredential(Tenant tenant) {
        return cloud.applicationCredential(tenant);
    }

    @Override
    protected FaultyProxy proxy() {
        return proxy;
    }

    @AfterAll
    void stop() {
        proxy.close();
        cloud.close();
    }
}
