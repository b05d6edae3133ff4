package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.SwitchSpec;
import java.util.Optional;
import java.util.Set;

/** Router, services network and switches of one cluster. */
record NeutronTopology(Routers routers, ServicesNetwork services, Switches switches, NeutronSecurity security)
        implements SdnTopology {
    @Override
    public Router ensureRouter(RouterSpec spec) {
        Router router = routers.ensure(spec);
        services.ensure(router.id(), spec);
        return router;
    }

    @Override
    public Router adoptRouter(String routerId, RouterSpec spec) {
        Router router = routers.adopt(routerId, spec);
        services.ensure(router.id(), spec);
        return router;
    }

    @Override
    public Optional<Router> ownRouter() {
        return routers.own();
    }

    @Override
    public void deleteRouter() {
        services.delete();
        routers.delete();
        security.delete();
    }

    @Override
    public Ensured ensureSwitch(SwitchSpec spec) {
        return switches.ensure(spec);
    }

    @Override
    public Set<NodeId> ownSwitches() {
        return switches.own();
    }

    @Override
    public void deleteSwitch(NodeId node) {
        switches.delete(node);
    }
}
