package io.portolan.e2e.stack;

import io.portolan.testbed.VmHost;
import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.CloudProject;
import io.portolan.testbed.openstack.ExternalNetwork;
import io.portolan.testbed.openstack.Hypervisor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A project of a cloud as its owner left it before there was a cluster: a router, and behind it a network of machines. */
public final class CloudTenant {
    static final String MACHINES = "10.20.0.0/24";

    private final CloudProject project;
    private final CloudApi owner;
    private final List<Hypervisor> hypervisors;
    private final String router;
    private final String machines;
    private final AtomicInteger plugged = new AtomicInteger();

    CloudTenant(CloudProject project, List<Hypervisor> hypervisors) {
        this.project = project;
        this.hypervisors = hypervisors;
        owner = project.api();
        router = owner.network()
                .post("/routers", Map.of("router", Map.of("name", project.name())))
                .at("/router/id")
                .asString();
        machines = owner.network()
                .post("/networks", Map.of("network", Map.of("name", "machines")))
                .at("/network/id")
                .asString();
        String subnet = owner.network()
                .post("/subnets", Map.of("subnet", Map.of("network_id", machines, "ip_version", 4, "cidr", MACHINES)))
                .at("/subnet/id")
                .asString();
        owner.network().put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
    }

    /** A port on the network of machines. */
    public String vif(String name) {
        return owner.network()
                .post("/ports", Map.of("port", Map.of("network_id", machines, "name", name)))
                .at("/port/id")
                .asString();
    }

    /** A VM on the network of machines, on one hypervisor after the other. */
    public VmHost plug(String name) {
        return hypervisors.get(plugged.getAndIncrement() % hypervisors.size()).plugVm(name, vif(name));
    }

    /** Lets in what comes from these addresses, to all machines and pods that have the project's default group. */
    void letIn(String cidr) {
        String group = owner.network()
                .get("/security-groups?name=default&project_id=" + project.id())
                .at("/security_groups/0/id")
                .asString();
        owner.network()
                .post(
                        "/security-group-rules",
                        Map.of(
                                "security_group_rule",
                                Map.of(
                                        "security_group_id",
                                        group,
                                        "direction",
                                        "ingress",
                                        "ethertype",
                                        "IPv4",
                                        "remote_ip_prefix",
                                        cidr)));
    }

    /** Gives the router its way outside. */
    void goOut(ExternalNetwork external) {
        owner.network()
                .put(
                        "/routers/" + router,
                        Map.of("router", Map.of("external_gateway_info", Map.of("network_id", external.id()))));
    }

    public CloudProject project() {
        return project;
    }

    public CloudApi owner() {
        return owner;
    }

    /** The router that clusters of this tenant adopt. */
    public String router() {
        return router;
    }
}
