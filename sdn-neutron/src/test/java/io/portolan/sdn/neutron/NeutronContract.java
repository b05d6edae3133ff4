package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.VlanTag;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBackendContract;
import io.portolan.testbed.openstack.NetworkInventory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The contract and what underlay mode adds to it: passed by a real Neutron and by the double, which makes it honest. */
abstract class NeutronContract extends SdnBackendContract {
    private static final Set<String> UNSTEADY = Set.of("revision_number", "updated_at", "created_at");
    /** A router's interface becomes ACTIVE some time later. */
    private static final Set<String> PORTS_UNSTEADY = Set.of("revision_number", "updated_at", "created_at", "status");

    protected final NeutronBackends backends = new NeutronBackends();
    private final Map<SdnBackend, String> parents = new ConcurrentHashMap<>();
    private Tenant tenant;

    /** A new project. */
    protected abstract Tenant tenant(String name);

    /** All that there is, of all projects. */
    protected abstract NetworkInventory inventory();

    private synchronized Tenant common() {
        if (tenant == null) {
            tenant = tenant("common");
        }
        return tenant;
    }

    @AfterAll
    void closeBackends() {
        backends.close();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        SdnBackend backend = backends.backend(cluster, common().target(), null);
        parents.put(backend, common().vmPort());
        return backend;
    }

    @Override
    protected String foreignRouter(Cidr behind) {
        String router = common().router("foreign");
        common().attach(router, common().subnet(common().network("behind"), behind.toString()));
        return router;
    }

    @Override
    protected String chassis() {
        return null;
    }

    @Override
    protected PortSpec.Nesting nesting(SdnBackend sdn, int tag) {
        return new PortSpec.Nesting(parents.get(sdn), new VlanTag(tag), PortSpec.Nesting.Way.TRUNK);
    }

    @Override
    protected Object everything() {
        return steady(inventory());
    }

    /** Without what a write of the same thing, or a write that was undone, changes. */
    static Map<String, List<JsonNode>> steady(NetworkInventory inventory) {
        Map<String, List<JsonNode>> steady = new TreeMap<>();
        inventory.collections().forEach((name, objects) -> {
            List<JsonNode> copies = new ArrayList<>();
            Set<String> gone = name.equals("ports") ? PORTS_UNSTEADY : UNSTEADY;
            objects.forEach(object -> copies.add(((ObjectNode) object.deepCopy()).remove(gone)));
            steady.put(name, copies);
        });
        assertThat(steady).isNotEmpty();
        return steady;
    }
}
