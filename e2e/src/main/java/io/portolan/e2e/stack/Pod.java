package io.portolan.e2e.stack;

import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.WorkerHost;
import java.util.UUID;

/** A pod that a runtime started: its namespace, and what the CNI plugin answered for it. */
public record Pod(String name, UUID uid, String containerId, WorkerHost node, PodSandbox sandbox, CniAnswer added) {
    /** The same pod after an ADD. */
    public Pod with(CniAnswer answer) {
        return new Pod(name, uid, containerId, node, sandbox, answer);
    }

    /** The address without its prefix length. */
    public String address() {
        return added.json().get("ips").get(0).get("address").asString().split("/", 2)[0];
    }
}
