package io.portolan.testbed.openstack;

import io.portolan.testbed.Namespace;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.util.concurrent.atomic.AtomicInteger;

/** The world outside the cloud: a namespace with a bridge in it, to which every hypervisor's {@code br-ex} is cabled. */
final class Outside {
    private static final String BRIDGE = "world";

    private final PodSandbox sandbox;
    private final AtomicInteger cables = new AtomicInteger();

    Outside(Workspace workspace) {
        sandbox = PodSandbox.create(workspace, "outside");
        sandbox.namespace().ip("link add %s type bridge".formatted(BRIDGE), "link set %s up".formatted(BRIDGE));
    }

    PodSandbox sandbox() {
        return sandbox;
    }

    /** Gives the outside an address, such as {@code 172.24.4.1/24}. */
    void address(String withPrefix) {
        sandbox.namespace().ip("addr add %s dev %s".formatted(withPrefix, BRIDGE));
    }

    /** Leads a cable from here to a device of this name in the namespace. */
    void cable(Namespace namespace, String device) {
        String here = "h" + cables.incrementAndGet();
        sandbox.namespace()
                .ip(
                        "link add %s type veth peer name %s netns %s".formatted(here, device, namespace.name()),
                        "link set %s master %s up".formatted(here, BRIDGE));
        sandbox.namespace().withoutOffloads(here);
        namespace.withoutOffloads(device);
        namespace.ip("link set %s up".formatted(device));
    }
}
