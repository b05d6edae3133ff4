package io.portolan.sdn.ovn;

import io.portolan.model.NodeId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.SwitchSpec;
import java.util.Optional;
import java.util.Set;

/** The facet in one piece. */
record OvnTopology(
        Routers routers, Switches switches, BalancerGroups groups, ProfileRows profiles, PolicyGroups policies)
        implements SdnTopology {
    @Override
    public Router ensureRouter(RouterSpec spec) {
        return routers.ensure(spec);
    }

    @Override
    public Router adoptRouter(String routerId, RouterSpec spec) {
        return routers.adopt(routerId, spec);
    }

    @Override
    public Optional<Router> ownRouter() {
        return routers.own();
    }

    @Override
    public void deleteRouter() {
        routers.delete();
        groups.delete();
        policies.delete();
        profiles.delete();
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
